internal import CScoreKernel

/// Products of Float32 rows with Ω and with the weights, on the calling thread alone.
///
/// Every result has the same bits whether its row comes alone or with others, and whichever instructions compute it: a mapped value is one
/// sum over the inputs in order, a score sixteen sums side by side. Four rows share each read of Ω and of the weights, which is what rows
/// cost: `accrue bench predict` shows it.
enum ScoreKernel {
    typealias Lanes = SIMD16<Float>

    /// A row length rounded up to whole tiles.
    static func padded(_ count: Int) -> Int { (count + RandomProjection.tile - 1) / RandomProjection.tile * RandomProjection.tile }

    @inline(__always) private static func lanes(_ base: UnsafePointer<Float>) -> Lanes {
        UnsafeRawPointer(base).loadUnaligned(as: Lanes.self)
    }

    @inline(__always) private static func sum(_ lanes: Lanes) -> Float {
        let eight = lanes.lowHalf + lanes.highHalf
        let four = eight.lowHalf + eight.highHalf
        let two = four.lowHalf + four.highHalf
        return two.x + two.y
    }

    /// Copies rows of length d to rows of length `stride`, padded with zeros.
    static func copy(
        _ x: UnsafeBufferPointer<Float>, dimension: Int, rows: Int, into h: UnsafeMutableBufferPointer<Float>, stride: Int
    ) {
        precondition(x.count >= rows * dimension && h.count >= rows * stride && stride >= dimension, "rows do not fit")
        for row in 0..<rows {
            let target = h.baseAddress! + row * stride
            target.update(from: x.baseAddress! + row * dimension, count: dimension)
            (target + dimension).update(repeating: 0, count: stride - dimension)
        }
    }

    /// scores[r, c] ← h_r·w_c.
    ///
    /// - Complexity: O(rows·classes·stride).
    static func score(
        _ h: UnsafeBufferPointer<Float>, rows: Int, _ weights: UnsafeBufferPointer<Float>, classes: Int, stride: Int,
        into scores: UnsafeMutableBufferPointer<Float>, with vectors: ScoreVectors = .widest
    ) {
        precondition(stride % 16 == 0 && h.count >= rows * stride, "rows do not fit")
        precondition(weights.count >= classes * stride && scores.count >= rows * classes, "weights or scores do not fit")
        guard let h = h.baseAddress, let weights = weights.baseAddress, let scores = scores.baseAddress else { return }
        switch vectors {
        #if arch(x86_64)
            case .avx512: return score_kernel_avx512_score(h, rows, weights, classes, stride, scores)
            case .avx2: return score_kernel_avx2_score(h, rows, weights, classes, stride, scores)
        #endif
        default: break
        }
        var row = 0
        while row + 1 < rows {
            let first = h + row * stride
            let second = first + stride
            for column in 0..<classes {
                let weight = weights + column * stride
                var (a, b) = (Lanes.zero, Lanes.zero)
                var i = 0
                while i < stride {
                    let w = lanes(weight + i)
                    a += lanes(first + i) * w
                    b += lanes(second + i) * w
                    i += 16
                }
                scores[row * classes + column] = sum(a)
                scores[(row + 1) * classes + column] = sum(b)
            }
            row += 2
        }
        if row < rows {
            let last = h + row * stride
            for column in 0..<classes {
                let weight = weights + column * stride
                var a = Lanes.zero
                var i = 0
                while i < stride {
                    a += lanes(last + i) * lanes(weight + i)
                    i += 16
                }
                scores[row * classes + column] = sum(a)
            }
        }
    }

    /// h ← xΩ for the tiles of Ω, in the first columns of h; the others stay. NaN stays.
    ///
    /// - Parameter least: a smaller sum becomes 0: with 0, h is max(0, xΩ).
    /// - Complexity: O(rows·inputs·outputs).
    static func map(
        _ x: UnsafeBufferPointer<Float>, rows: Int, inputs: Int, tiles: UnsafeBufferPointer<Float>,
        into h: UnsafeMutableBufferPointer<Float>, stride: Int, least: Float = 0, with vectors: ScoreVectors = .widest
    ) {
        let tile = RandomProjection.tile
        precondition(x.count >= rows * inputs && h.count >= rows * stride, "rows do not fit")
        let outputs = tiles.count / inputs
        precondition(tiles.count == outputs * inputs && outputs <= stride, "the projection does not fit")
        precondition(stride % tile == 0 && outputs % tile == 0 && tile == SCORE_TILE, "the projection is not in whole tiles")
        guard let x = x.baseAddress, let h = h.baseAddress, let tiles = tiles.baseAddress else { return }
        switch vectors {
        #if arch(x86_64)
            case .avx512: return score_kernel_avx512_map(x, rows, inputs, tiles, outputs, h, stride, least)
            case .avx2: return score_kernel_avx2_map(x, rows, inputs, tiles, outputs, h, stride, least)
        #endif
        default: break
        }
        for first in Swift.stride(from: 0, to: outputs, by: tile) {
            let block = tiles + first * inputs
            for part in Swift.stride(from: 0, to: tile, by: 16) {
                var row = 0
                while row + 1 < rows {
                    let (x0, x1) = (x + row * inputs, x + (row + 1) * inputs)
                    var (a, b) = (Lanes.zero, Lanes.zero)
                    for input in 0..<inputs {
                        let omega = lanes(block + input * tile + part)
                        a += omega * x0[input]
                        b += omega * x1[input]
                    }
                    store(a, least, h + row * stride + first + part)
                    store(b, least, h + (row + 1) * stride + first + part)
                    row += 2
                }
                if row < rows {
                    let x0 = x + row * inputs
                    var a = Lanes.zero
                    for input in 0..<inputs { a += lanes(block + input * tile + part) * x0[input] }
                    store(a, least, h + row * stride + first + part)
                }
            }
        }
    }

    @inline(__always) private static func store(_ lanes: Lanes, _ least: Float, _ target: UnsafeMutablePointer<Float>) {
        UnsafeMutableRawPointer(target).storeBytes(of: lanes.replacing(with: 0, where: lanes .< least), as: Lanes.self)
    }
}

extension RandomProjection {
    /// Hᵀ ← ΩᵀXᵀ with loops of our own; values below `least` become 0.
    func map(_ x: UnsafeBufferPointer<Float>, rows: Int, into h: UnsafeMutableBufferPointer<Float>, stride: Int, least: Float) {
        tiles.withUnsafeBufferPointer { ScoreKernel.map(x, rows: rows, inputs: inputs, tiles: $0, into: h, stride: stride, least: least) }
    }
}
