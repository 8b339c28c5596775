import AnalyticLearning
import Foundation
import TensorFormats

@testable import LinearAlgebra

/// A small generator with a fixed seed, so that failures are reproducible.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func normal() -> Double {
        let radius = (-2 * log(Double.random(in: Double.leastNonzeroMagnitude...1, using: &self))).squareRoot()
        return radius * cos(2 * .pi * Double.random(in: 0..<1, using: &self))
    }
}

/// Calls `body` while no parallel test lends OpenBLAS more threads, which would change the rounding of even the smallest products.
///
/// - Parameter body: factors nothing of order 256 or more, which would wait for itself.
func withoutLentThreads<R>(_ body: () throws -> R) throws -> R {
    while true {
        var result: Result<R, any Error>?
        if ComputeThreads.whileNotLent({ result = Result { try body() } }), let result { return try result.get() }
        usleep(1000)
    }
}

/// A file of golden vectors.
struct Vectors {
    private let data: Data

    init(_ name: String) throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Vectors")
        data = try Data(contentsOf: folder.appendingPathComponent(name + ".safetensors"))
    }

    func doubles(_ name: String) throws -> [Double] {
        try data.withUnsafeBytes { bytes in
            let reader = try SafetensorsReader(bytes)
            let tensor = reader.tensor(named: name)!
            switch tensor.type {
            case .f32: return try reader.array(of: tensor, as: Float.self).map(Double.init)
            case .i64: return try reader.array(of: tensor, as: Int64.self).map(Double.init)
            default: return try reader.array(of: tensor, as: Double.self)
            }
        }
    }

    func integers(_ name: String) throws -> [Int] { try doubles(name).map { Int($0) } }
    func floats(_ name: String) throws -> [Float] { try doubles(name).map { Float($0) } }
}

/// The digits with the split and the projection of the golden cases.
struct Digits {
    let features: [Double]
    let labels: [Int]
    let projection: [Float]
    static let dimension = 64
    static let width = 256

    init() throws {
        let file = try Vectors("digits")
        features = try file.doubles("features")
        labels = try file.integers("labels")
        projection = try Vectors("acil_digits").floats("projection")
    }

    func rows(_ indices: some Sequence<Int>) -> [Double] {
        indices.flatMap { features[($0 * Self.dimension)..<(($0 + 1) * Self.dimension)] }
    }

    /// φ written out: max(0, xΩ) in Float64.
    func mapped(_ indices: some Sequence<Int>) -> [[Double]] {
        let omega = projection.map(Double.init)
        return indices.map { index in
            var h = [Double](repeating: 0, count: Self.width)
            for i in 0..<Self.dimension {
                let x = features[index * Self.dimension + i]
                if x != 0 { for j in 0..<Self.width { h[j] += x * omega[i * Self.width + j] } }
            }
            return h.map { max($0, 0) }
        }
    }

    func classifier(ridge: Double = 0.1) throws -> Classifier {
        let configuration = ModelConfiguration(
            dimension: Self.dimension, featureMap: .randomRelu(width: Self.width, seed: 0), ridge: ridge)
        let map = FeatureMap.randomRelu(
            try RandomProjection(inputs: Self.dimension, outputs: Self.width, elements: projection))
        return try Classifier(configuration, featureMap: map)
    }
}

/// One ridge regression over all rows, by Gauss-Jordan elimination with pivoting: slow, plain, and sharing no code with what it tests.
/// Row-major [D, C].
func jointSolution(_ h: [[Double]], _ columns: [Int], classes: Int, ridge: Double) -> [Double] {
    let width = h[0].count
    let stride = width + classes
    var a = [Double](repeating: 0, count: width * stride)
    a.withUnsafeMutableBufferPointer { a in
        for (row, column) in zip(h, columns) {
            row.withUnsafeBufferPointer { row in
                for i in 0..<width where row[i] != 0 {
                    let base = i * stride
                    for j in 0..<width { a[base + j] += row[i] * row[j] }
                    a[base + width + column] += row[i]
                }
            }
        }
        for i in 0..<width { a[i * stride + i] += ridge }
        for k in 0..<width {
            var pivot = k
            for i in k..<width where abs(a[i * stride + k]) > abs(a[pivot * stride + k]) { pivot = i }
            if pivot != k { for j in 0..<stride { a.swapAt(k * stride + j, pivot * stride + j) } }
            let inverse = 1 / a[k * stride + k]
            for j in k..<stride { a[k * stride + j] *= inverse }
            for i in 0..<width where i != k {
                let factor = a[i * stride + k]
                if factor != 0 { for j in k..<stride { a[i * stride + j] -= factor * a[k * stride + j] } }
            }
        }
    }
    return (0..<width).flatMap { i in a[(i * stride + width)..<((i + 1) * stride)] }
}

extension Classifier {
    /// W row-major [D, C], with columns in the order of the given labels.
    func weights(for labels: [Label]) -> [Double] {
        withWeights { weights in
            var result: [Double] = []
            for row in 0..<weights.rows {
                for label in labels { result.append(weights[row, registry.column(of: label)!]) }
            }
            return result
        }
    }

    func weights(for labels: [String]) -> [Double] { weights(for: labels.map { Label(stringLiteral: $0) }) }

    /// The columns of labels; new labels get new columns.
    func intern(_ labels: [String]) -> [Int] { intern(labels.map { Label(stringLiteral: $0) }) }
}

/// Whether two results of the same computation agree: to the bit if the library cut its calls alike. A factorisation in a parallel test may
/// have lent it threads for one of them.
func agree(_ a: [Double], _ b: [Double]) -> Bool { a == b || relativeDifference(a, b) < 1e-10 }

/// ‖a − b‖ / ‖b‖.
func relativeDifference(_ a: [Double], _ b: [Double]) -> Double {
    precondition(a.count == b.count)
    let difference = zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    return (difference / b.reduce(0) { $0 + $1 * $1 }).squareRoot()
}

extension ClassRegistry {
    func column(of label: String) -> Int? { column(of: Label(stringLiteral: label)) }
}

extension Label: ExpressibleByStringInterpolation {
    /// A label written in a test.
    init(stringLiteral text: String) { self = try! Label(text) }
}
