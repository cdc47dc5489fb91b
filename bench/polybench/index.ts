/** The programs of PolyBench/C 4.2.1, in PolyBench's order. */

import type { Program } from './polybench.ts'
import { program as mm2 } from './programs/2mm.ts'
import { program as mm3 } from './programs/3mm.ts'
import { program as adi } from './programs/adi.ts'
import { program as atax } from './programs/atax.ts'
import { program as bicg } from './programs/bicg.ts'
import { program as cholesky } from './programs/cholesky.ts'
import { program as correlation } from './programs/correlation.ts'
import { program as covariance } from './programs/covariance.ts'
import { program as deriche } from './programs/deriche.ts'
import { program as doitgen } from './programs/doitgen.ts'
import { program as durbin } from './programs/durbin.ts'
import { program as fdtd2d } from './programs/fdtd-2d.ts'
import { program as floydWarshall } from './programs/floyd-warshall.ts'
import { program as gemm } from './programs/gemm.ts'
import { program as gemver } from './programs/gemver.ts'
import { program as gesummv } from './programs/gesummv.ts'
import { program as gramschmidt } from './programs/gramschmidt.ts'
import { program as heat3d } from './programs/heat-3d.ts'
import { program as jacobi1d } from './programs/jacobi-1d.ts'
import { program as jacobi2d } from './programs/jacobi-2d.ts'
import { program as lu } from './programs/lu.ts'
import { program as ludcmp } from './programs/ludcmp.ts'
import { program as mvt } from './programs/mvt.ts'
import { program as nussinov } from './programs/nussinov.ts'
import { program as seidel2d } from './programs/seidel-2d.ts'
import { program as symm } from './programs/symm.ts'
import { program as syr2k } from './programs/syr2k.ts'
import { program as syrk } from './programs/syrk.ts'
import { program as trisolv } from './programs/trisolv.ts'
import { program as trmm } from './programs/trmm.ts'

export const PROGRAMS: readonly Program[] = [
  correlation,
  covariance,
  mm2,
  mm3,
  atax,
  bicg,
  doitgen,
  mvt,
  gemm,
  gemver,
  gesummv,
  symm,
  syr2k,
  syrk,
  trmm,
  cholesky,
  durbin,
  gramschmidt,
  lu,
  ludcmp,
  trisolv,
  deriche,
  floydWarshall,
  nussinov,
  adi,
  fdtd2d,
  heat3d,
  jacobi1d,
  jacobi2d,
  seidel2d,
]
