import AnalyticLearning
import Testing

/// Whatever a model has learned, what is saved of it can be restored.
@Suite struct SavedWeightsTests {
    /// Huge rows of a class that goes, and ordinary ones of classes that stay: the equations are far from singular, and yet so
    /// ill-conditioned that the recursion loses the digits which a saved state must have.
    @Test(arguments: [1e6, 1.0, 1e-3], 0..<40) func weightsAfterAClassOfHugeRows_canBeRestored(ridge: Double, seed: UInt64) throws {
        var generator = SplitMix64(state: seed)
        func row(_ scale: Double) -> [Double] { (0..<2).map { _ in scale * Double.random(in: -4...4, using: &generator) } }
        let map = FeatureMapKind.randomRelu(width: 10, seed: seed)
        let classifier = try Classifier(ModelConfiguration(dimension: 2, featureMap: map, ridge: ridge))
        let scale = [1e6, 1e7, 1e8][Int(seed % 3)]
        for step in 0..<24 {
            switch step {
            case 1, 9, 17: try classifier.learn(features: row(scale) + row(scale), labels: ["huge", "huge"])
            case 4, 12, 20: _ = try classifier.deleteClass("huge")
            default:
                let count = Int(generator.next() % 3) + 1
                try classifier.learn(
                    features: (0..<count).flatMap { _ in row(1) },
                    labels: (0..<count).map { _ in Bool.random(using: &generator) ? "a" : "b" })
            }
            _ = try classifier.prepareToSave()
            let parts = try SavedParts(classifier)
            let restored = try parts.restored()
            #expect(try SavedParts(restored).weights == parts.weights)
        }
    }
}
