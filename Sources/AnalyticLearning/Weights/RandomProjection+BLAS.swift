internal import LinearAlgebra

extension RandomProjection {
    /// Hᵀ ← ΩᵀXᵀ in the first rows of Hᵀ, one `sgemm` per tile.
    func multiplyByBLAS(_ x: UnsafeBufferPointer<Float>, rows: Int, into h: UnsafeMutableBufferPointer<Float>, stride: Int) {
        tiles.withUnsafeBufferPointer { tiles in
            for first in Swift.stride(from: 0, to: ScoreKernel.padded(outputs), by: Self.tile) {
                SinglePrecision.multiply(
                    m: Self.tile, n: rows, k: inputs, UnsafeBufferPointer(rebasing: tiles[(first * inputs)...]), transposed: false,
                    lda: Self.tile, x, ldb: inputs, into: UnsafeMutableBufferPointer(rebasing: h[first...]), ldc: stride)
            }
        }
    }
}
