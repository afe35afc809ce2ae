import { stringify } from 'yaml';
import * as z from 'zod';
import { drainSteps } from '../actions/drain-steps.ts';
import { actions } from '../actions/index.ts';
import { rules } from '../rules/index.ts';
import { newPage, ruleDoc, withGeneratedHead } from '../rules/rule-doc.ts';
import { actionDoc, stepDoc } from './action-doc.ts';
import { publishedSchemas } from './published-schemas.ts';

/**
 * The files that are written from the code: JSON Schemas for editors, and the heads of the pages of rules, actions and steps of a drain.
 * @param read the text of a file as it is now; undefined when there is none.
 * @returns text by path from the project's root.
 */
export function generatedFiles(read: (path: string) => string | undefined): Readonly<Record<string, string>> {
  const schemas = Object.entries(publishedSchemas({ rules, actions: [...actions, ...drainSteps] })).map(
    ([file, schema]) => [`schema/${file}`, `${JSON.stringify(schema, null, 2)}\n`] as const,
  );
  const pages = rules.map((rule) => {
    const path = `docs/rules/${rule.id}.md`;
    return [path, withGeneratedHead(read(path) ?? newPage(rule), ruleDoc(rule, z, toYaml))] as const;
  });
  const pagesOfActions = actions.map((action) => {
    const path = `docs/actions/${action.id}.md`;
    return [path, withGeneratedHead(read(path) ?? newPage(action), actionDoc(action, z, toYaml))] as const;
  });
  const pagesOfSteps = drainSteps.map((step) => {
    const path = `docs/actions/${step.id}.md`;
    return [path, withGeneratedHead(read(path) ?? newPage(step), stepDoc(step, z, toYaml))] as const;
  });
  return Object.fromEntries([...schemas, ...pages, ...pagesOfActions, ...pagesOfSteps]);
}

function toYaml(value: unknown): string {
  return stringify(value, { lineWidth: 0 });
}
