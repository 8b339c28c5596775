/// Products of a few Float32 rows for event loops, and of many while the learner has BLAS's threads.
///
/// Every score is summed in the same order, sixteen lanes side by side, whether its row comes alone or with others.
///
/// Small concurrent requests are not combined into one product. `accrue bench predict` shows why: at D = 2048 and 100 classes a row
/// takes 14 µs alone and 11 µs among eight, besides about 80 µs of JSON and HTTP. A queue between the loops would cost more than
/// sharing the weights saves. `sgemm` beats these loops only from some tens of rows, which come as one request.
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

    /// scores[r, c] ← h_r·w_c. Two rows share each read of the weights.
    static func score(
        _ h: UnsafeBufferPointer<Float>, rows: Int, _ weights: UnsafeBufferPointer<Float>, classes: Int, stride: Int,
        into scores: UnsafeMutableBufferPointer<Float>
    ) {
        precondition(stride % 16 == 0 && h.count >= rows * stride, "rows do not fit")
        precondition(weights.count >= classes * stride && scores.count >= rows * classes, "weights or scores do not fit")
        guard let h = h.baseAddress, let weights = weights.baseAddress, let scores = scores.baseAddress else { return }
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

    /// h ← max(0, xΩ) for the tiles of Ω. Two rows share each read of Ω.
    static func map(
        _ x: UnsafeBufferPointer<Float>, rows: Int, inputs: Int, tiles: UnsafeBufferPointer<Float>,
        into h: UnsafeMutableBufferPointer<Float>, stride: Int
    ) {
        let tile = RandomProjection.tile
        precondition(x.count >= rows * inputs && h.count >= rows * stride, "rows do not fit")
        precondition(tiles.count >= stride * inputs && stride % tile == 0, "the projection does not fit")
        guard let x = x.baseAddress, let h = h.baseAddress, let tiles = tiles.baseAddress else { return }
        for first in Swift.stride(from: 0, to: stride, by: tile) {
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
                    store(a, h + row * stride + first + part)
                    store(b, h + (row + 1) * stride + first + part)
                    row += 2
                }
                if row < rows {
                    let x0 = x + row * inputs
                    var a = Lanes.zero
                    for input in 0..<inputs { a += lanes(block + input * tile + part) * x0[input] }
                    store(a, h + row * stride + first + part)
                }
            }
        }
    }

    @inline(__always) private static func store(_ lanes: Lanes, _ target: UnsafeMutablePointer<Float>) {
        UnsafeMutableRawPointer(target).storeBytes(of: pointwiseMax(lanes, .zero), as: Lanes.self)
    }
}

extension RandomProjection {
    /// Hᵀ ← max(0, ΩᵀXᵀ) with loops of our own.
    func map(_ x: UnsafeBufferPointer<Float>, rows: Int, into h: UnsafeMutableBufferPointer<Float>, stride: Int) {
        tiles.withUnsafeBufferPointer { ScoreKernel.map(x, rows: rows, inputs: inputs, tiles: $0, into: h, stride: stride) }
    }
}
