/** The policies of the deployment, written by deploy/esbuild-plugins.cjs when the package is made. */
declare module 'compiled:policies' {
  export const policies: readonly import('../domain/policy.ts').BoundPolicy[];
}
