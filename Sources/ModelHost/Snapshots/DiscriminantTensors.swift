internal import AnalyticLearning
internal import TensorFormats

/// A discriminant as tensors of a snapshot, besides `discriminant.weight`, [D, K]: `DiscriminantRule` says what they are.
struct DiscriminantTensors {
    /// The name of the weights.
    static let weights = "discriminant.weight"
    /// The names of all tensors.
    static let names = [weights, "discriminant.center", "discriminant.mean", "discriminant.precision", "discriminant.class"]

    private let rule: DiscriminantRule

    init(_ rule: DiscriminantRule) { self.rule = rule }

    /// The small tensors, in writing order.
    var parts: [(name: String, shape: [Int], values: [Double])] {
        let shape = [rule.classCount, rule.coordinateCount]
        return [
            ("discriminant.center", [rule.productCount], rule.center), ("discriminant.mean", shape, rule.mean),
            ("discriminant.precision", shape, rule.precision),
            ("discriminant.class", [rule.classCount, 2], zip(rule.bias, rule.marginWeight).flatMap { [$0, $1] }),
        ]
    }

    /// Checks the shapes of the tensors present: all, or none.
    ///
    /// - Parameters:
    ///   - width: D.
    ///   - classes: the model's.
    /// - Throws: `SafetensorsError` that names the tensor.
    static func check(_ reader: SafetensorsReader, width: Int, classes: Int) throws(SafetensorsError) {
        guard names.contains(where: { reader.tensor(named: $0) != nil }) else { return }
        let products = reader.tensor(named: weights)?.shape.last ?? 0
        let mean = reader.tensor(named: "discriminant.mean")?.shape ?? []
        let known = min(mean.first ?? 0, classes)
        let shape = [known, mean.last ?? 0]
        _ = try reader.requireTensor(named: weights, types: [.f64], shape: [width, products])
        _ = try reader.requireTensor(named: "discriminant.center", types: [.f64], shape: [products])
        for name in ["discriminant.mean", "discriminant.precision"] {
            _ = try reader.requireTensor(named: name, types: [.f64], shape: shape)
        }
        _ = try reader.requireTensor(named: "discriminant.class", types: [.f64], shape: [known, 2])
    }

    /// A snapshot's discriminant; nil if it has none.
    ///
    /// - Parameter parts: all Float64 tensors of the snapshot.
    static func saved(_ parts: [String: UnsafeBufferPointer<Double>]) -> SavedDiscriminant? {
        guard let weights = parts[weights] else { return nil }
        func values(_ name: String) -> [Double] { parts[name].map(Array.init) ?? [] }
        return SavedDiscriminant(
            weights: weights, center: values("discriminant.center"), mean: values("discriminant.mean"),
            precision: values("discriminant.precision"), classes: values("discriminant.class"))
    }
}
