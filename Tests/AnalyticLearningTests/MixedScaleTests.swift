import LinearAlgebra
import Testing

@testable import AnalyticLearning

/// Streams whose rows differ by many orders of magnitude: what a large row has rounded away of R must not show in weights that the
/// equations determine.
@Suite struct MixedScaleTests {
    private static let classes = 3

    /// After every request, the weights are those of the joint solution, as far as its condition allows.
    @Test(arguments: 0..<150) func everyRequest_leavesTheJointSolution(seed: UInt64) throws {
        var generator = SplitMix64(state: seed)
        let width = Int.random(in: 1...6, using: &generator)
        let ridge = [1e-3, 0.1, 1, 7, 1e3].randomElement(using: &generator)!
        let scales = [[1, 1e8], [1, 1e4, 1e8], [1e-4, 1, 1e4], [1, 1, 1, 1e6], [1e8]].randomElement(using: &generator)!
        let labels: [Label] = ["0", "1", "2"]
        let classifier = try Classifier(ModelConfiguration(dimension: width, ridge: ridge))
        var joint = try ExactJointSolution(width: width, classes: Self.classes)
        for request in 0..<30 {
            let count = Int.random(in: 1...9, using: &generator)
            let scale = scales.randomElement(using: &generator)!
            var h = try Matrix(rows: width, columns: count)
            // Numbers of few bits, so that sums are exact.
            for row in 0..<count {
                for index in 0..<width { h[index, row] = scale * Double(Int.random(in: -99...99, using: &generator)) / 32 }
            }
            let columns = (0..<count).map { _ in Int.random(in: 0..<Self.classes, using: &generator) }
            let features = (0..<count).flatMap { row in (0..<width).map { h[$0, row] } }
            try classifier.learn(features: features, labels: columns.map { labels[$0].description })
            joint.add(h, columns: columns)
            let condition = try joint.condition(ridge: ridge)
            guard condition < 1e10 else { continue }
            let known = try joint.weights(ridge: ridge)
            let present = labels.filter { classifier.registry.labels.contains($0) }
            guard known.sumOfSquares > 0 else { continue }
            let wanted = (0..<width).flatMap { row in present.map { known[row, Int($0.description)!] } }
            let difference = relativeDifference(classifier.weights(for: present), wanted)
            // A drift of 1e-8 along one random direction is tolerated.
            #expect(
                difference < 1e-7 + 1e2 * .ulpOfOne * condition,
                "\(difference) after request \(request) of \(count) rows by \(scale), width \(width), ridge \(ridge), \(classifier.health)")
        }
    }
}
