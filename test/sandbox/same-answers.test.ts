import { sameAnswers } from '../support/same-answers.ts';
import { sandboxStage } from '../support/sandbox-stage.ts';

describe('the sandbox answers as AWS does', () => {
  sameAnswers(async () => sandboxStage());
});
