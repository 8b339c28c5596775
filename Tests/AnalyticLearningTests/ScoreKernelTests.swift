import Testing

@testable import AnalyticLearning

/// The loops that score: the same bits with all vectors, and for a row alone and among others.
@Suite struct ScoreKernelTests {
    private static let vectors = ScoreVectors.allCases.filter(\.isSupported)

    /// Usual values, and those that lose digits, overflow, or become NaN when they meet.
    private static func values(_ count: Int, _ generator: inout SystemRandomNumberGenerator, areUsual: Bool) -> [Float] {
        let unusual: [Float] = [0, -0.0, 0x1p-149, -0x1p-140, 1e30, -1e30, .greatestFiniteMagnitude, 1]
        return (0..<count).map { _ in
            areUsual || Bool.random(using: &generator)
                ? Float.random(in: -1...1, using: &generator) : unusual.randomElement(using: &generator)!
        }
    }

    private static func areSame(_ first: [Float], _ second: [Float]) -> Bool {
        first.count == second.count && zip(first, second).allSatisfy { $0.bitPattern == $1.bitPattern || $0.isNaN && $1.isNaN }
    }

    @Test(arguments: [true, false])
    func mappedValues_areSumsInOrder(areUsual: Bool) {
        var generator = SystemRandomNumberGenerator()
        for (inputs, tiles) in [(1, 1), (2, 3), (7, 2), (64, 1), (129, 2)] {
            let stride = tiles * RandomProjection.tile
            let omega = Self.values(stride * inputs, &generator, areUsual: areUsual)
            for rows in [0, 1, 2, 3, 4, 5, 8, 11, 18] {
                let x = Self.values(rows * inputs, &generator, areUsual: areUsual)
                var expected = [Float](repeating: 7, count: rows * stride)
                for row in 0..<rows {
                    for output in 0..<stride {
                        var sum: Float = 0
                        let (tile, lane) = output.quotientAndRemainder(dividingBy: RandomProjection.tile)
                        for input in 0..<inputs {
                            let product = omega[(tile * inputs + input) * RandomProjection.tile + lane] * x[row * inputs + input]
                            sum += product
                        }
                        expected[row * stride + output] = sum < 0 ? 0 : sum
                    }
                }
                for vectors in Self.vectors {
                    // A map with a function of its own takes the sums as they are, in the first columns of longer rows.
                    let longer = stride + 64
                    var sums = [Float](repeating: 7, count: rows * longer)
                    x.withUnsafeBufferPointer { x in
                        omega.withUnsafeBufferPointer { omega in
                            sums.withUnsafeMutableBufferPointer {
                                ScoreKernel.map(
                                    x, rows: rows, inputs: inputs, tiles: omega, into: $0, stride: longer, least: -.infinity,
                                    with: vectors)
                            }
                        }
                    }
                    for row in 0..<rows {
                        let mapped = sums[(row * longer)..<(row * longer + stride)].map { $0 < 0 ? 0 : $0 }
                        #expect(Self.areSame(mapped, Array(expected[(row * stride)..<((row + 1) * stride)])))
                        #expect(sums[(row * longer + stride)..<((row + 1) * longer)].allSatisfy { $0 == 7 })
                    }
                    var h = [Float](repeating: 7, count: rows * stride)
                    x.withUnsafeBufferPointer { x in
                        omega.withUnsafeBufferPointer { omega in
                            h.withUnsafeMutableBufferPointer {
                                ScoreKernel.map(x, rows: rows, inputs: inputs, tiles: omega, into: $0, stride: stride, with: vectors)
                            }
                        }
                    }
                    #expect(Self.areSame(h, expected), "\(vectors), \(rows) rows, \(inputs) inputs")
                }
            }
        }
    }

    @Test(arguments: [true, false])
    func scores_areSixteenSumsSideBySide(areUsual: Bool) {
        var generator = SystemRandomNumberGenerator()
        for (classes, stride) in [(1, 64), (2, 64), (3, 128), (4, 192), (9, 64), (14, 320)] {
            let weights = Self.values(classes * stride, &generator, areUsual: areUsual)
            for rows in [0, 1, 2, 3, 4, 5, 8, 11, 18] {
                let h = Self.values(rows * stride, &generator, areUsual: areUsual)
                let expected = (0..<(rows * classes)).map { place in
                    let (row, column) = place.quotientAndRemainder(dividingBy: classes)
                    var lanes = [Float](repeating: 0, count: 16)
                    for index in 0..<stride {
                        let product = h[row * stride + index] * weights[column * stride + index]
                        lanes[index % 16] += product
                    }
                    while lanes.count > 1 { lanes = (0..<(lanes.count / 2)).map { lanes[$0] + lanes[$0 + lanes.count / 2] } }
                    return lanes[0]
                }
                for vectors in Self.vectors {
                    var scores = [Float](repeating: 7, count: rows * classes)
                    h.withUnsafeBufferPointer { h in
                        weights.withUnsafeBufferPointer { weights in
                            scores.withUnsafeMutableBufferPointer {
                                ScoreKernel.score(
                                    h, rows: rows, weights, classes: classes, stride: stride, into: $0, with: vectors)
                            }
                        }
                    }
                    #expect(Self.areSame(scores, expected), "\(vectors), \(rows) rows, \(classes) classes")
                }
            }
        }
    }
}
