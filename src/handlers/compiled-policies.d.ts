/** The policies of the deployment and what holds of all of them, written by deploy/esbuild-plugins.cjs when the package is made. */
declare module 'compiled:policies' {
  export const policies: readonly import('../domain/policy.ts').BoundPolicy[];
  /** Of enforcement.yml. */
  export const safety: import('../domain/safety.ts').BoundSafety;
}

/** The same for λ drain: policies of the rule `spot-interruption` alone. */
declare module 'compiled:drain-policies' {
  export const policies: readonly import('../domain/policy.ts').BoundPolicy[];
  /** Of enforcement.yml. */
  export const safety: import('../domain/safety.ts').BoundSafety;
}
