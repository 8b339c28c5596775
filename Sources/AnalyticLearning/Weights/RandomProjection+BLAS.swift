internal import LinearAlgebra

extension RandomProjection {
    /// Hᵀ ← max(0, ΩᵀXᵀ), one `sgemm` per tile.
    func mapByBLAS(_ x: UnsafeBufferPointer<Float>, rows: Int, into h: UnsafeMutableBufferPointer<Float>, stride: Int) {
        tiles.withUnsafeBufferPointer { tiles in
            for first in Swift.stride(from: 0, to: stride, by: Self.tile) {
                SinglePrecision.multiply(
                    m: Self.tile, n: rows, k: inputs, UnsafeBufferPointer(rebasing: tiles[(first * inputs)...]), transposed: false,
                    lda: Self.tile, x, ldb: inputs, into: UnsafeMutableBufferPointer(rebasing: h[first...]), ldc: stride)
            }
        }
        for index in 0..<(rows * stride) { h[index] = max(h[index], 0) }
    }
}
