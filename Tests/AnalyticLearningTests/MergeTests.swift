import LinearAlgebra
import Testing

@testable import AnalyticLearning

@Suite struct MergeTests {
    /// Shards of one stream, merged one after another.
    private func merged(_ stream: LongTail, _ shards: Int, _ imbalance: Imbalance, _ rank: SketchRank?) throws -> Classifier {
        let bounds = (0...shards).map { $0 * stream.order.count / shards }
        var parts: [Classifier] = []
        for shard in 0..<shards {
            let part = try stream.classifier(imbalance, rank: rank, batches: [])
            for start in stride(from: bounds[shard], to: bounds[shard + 1], by: 17) {
                try stream.learn(start..<min(start + 17, bounds[shard + 1]), part)
            }
            parts.append(part)
        }
        for part in parts[1...] { try parts[0].merge(part) }
        return parts[0]
    }

    @Test(arguments: [2, 3, 5, 8, 16]) func shards_mergeIntoOneStream(shards: Int) throws {
        let stream = try LongTail()
        let whole = try stream.classifier(.pseudoFeatures(noise: 1, cap: 20, seed: 4), rank: .exact)
        let merged = try merged(stream, shards, whole.configuration.imbalance, .exact)
        #expect(merged.samples == 399)
        for label in LongTail.labels {
            let (a, b) = (merged.registry.column(of: label)!, whole.registry.column(of: label)!)
            #expect(merged.counts[a] == whole.counts[b])
            let moments = [(merged, a), (whole, b)].map { classifier, column in
                classifier.withMoments { $0.mean.withColumn(column) { Array($0) } + $0.m2.withColumn(column) { Array($0) } }
            }
            #expect(relativeDifference(moments[0], moments[1]) < 1e-12)
        }
        #expect(relativeDifference(merged.weights(for: LongTail.labels), whole.weights(for: LongTail.labels)) < 1e-9)
        // Balanced weights depend on labels, not on columns, so the order of the shards does not matter.
        for imbalance in [whole.configuration.imbalance, .reweight(power: 0.5)] {
            for classifier in [merged, whole] {
                try classifier.setImbalance(imbalance)
                try classifier.rebalance()
            }
            let balanced = [merged, whole].map { classifier in
                classifier.balanced!.withWeights { weights in
                    (0..<256).flatMap { row in LongTail.labels.map { weights[row, classifier.registry.column(of: $0)!] } }
                }
            }
            #expect(relativeDifference(balanced[0], balanced[1]) < 1e-8)
        }
    }

    @Test func mergedSketches_keepTheirBound() throws {
        let stream = try LongTail()
        let merged = try merged(stream, 4, .reweight(power: 0.5), .rows(4))
        let exact = try stream.classifier(.reweight(power: 0.5), rank: .exact)
        var solver = try SymmetricEigensolver(largestOrder: 256)
        for label in ["0", "1", "9"] {
            let column = merged.registry.column(of: label)!
            var packed: [Double] = []
            exact.forEachPackedGram(ofClass: exact.registry.column(of: label)!) { packed.append(contentsOf: $0) }
            var difference = try Matrix(rows: 256, columns: 256)
            for row in 0..<256 { for i in 0...row { difference[row, i] = packed[row * (row + 1) / 2 + i] } }
            try merged.forEachSketch { index, rows in
                guard index == column else { return }
                for start in stride(from: 0, to: rows.count, by: 256) {
                    for row in 0..<256 { for i in 0...row { difference[row, i] -= rows[start + row] * rows[start + i] } }
                }
            }
            try solver.decompose(&difference)
            let shrunk = merged.sketchSize(of: column)!.shrunk
            #expect(solver.values[255] <= shrunk + 1e-9 && solver.values[0] >= -1e-9)
        }
        #expect(merged.sketchSize(of: merged.registry.column(of: "0")!)!.shrunk > 0)
    }

    @Test func whatDiffers_isNamed_andNothingChanges() throws {
        let stream = try LongTail()
        let classifier = try stream.classifier(batches: [100])
        let saved = try SavedParts(classifier)
        func refused(_ change: (inout SavedParts) -> Void) throws -> MergeError? {
            var parts = saved
            change(&parts)
            do {
                _ = try parts.withState { try classifier.merge($0) }
                return nil
            } catch { return error as? MergeError }
        }
        #expect(try refused { $0.configuration.dimension = 63 } == .differs(part: "dimension", mine: "64", theirs: "63"))
        #expect(
            try refused { $0.configuration.featureMap = .identity }
                == .differs(part: "feature_map.kind", mine: "random_relu", theirs: "identity"))
        #expect(
            try refused { $0.configuration.featureMap = .randomRelu(width: 9, seed: 0) }
                == .differs(part: "feature_map.width", mine: "256", theirs: "9"))
        #expect(try refused { $0.configuration.sketchRank = .exact } == .differs(part: "sketch_rank", mine: "0", theirs: "exact"))
        guard case .differs(part: "feature_map.projection[1, 3]", _, _) = try refused({ $0.projection![259] += 1 }) else {
            Issue.record("another projection was taken")
            return
        }
        #expect(try refused { $0.labels[1] = $0.labels[0] } == .state(.label(saved.labels[0])))
        #expect(try refused { $0.mean.removeLast() } == .state(.size(part: "class.mean", count: 639, expected: 640)))
        #expect(try refused { $0.m2[3] = -1 } == .state(.value(part: "class.m2", index: 3)))
        #expect(try refused { $0.gram[5] = 1e300 } == .state(.value(part: "gram.packed_lower", index: 5)))
        #expect(try refused { $0.samples = .max } == .state(.value(part: "samples", index: 0)))
        #expect(try refused { $0.samples = Classifier.maximumCount } == .tooManyRows)
        guard case .state(.residual) = try refused({ $0.gram[5] += 1 }) else {
            Issue.record("a Gram matrix that its weights do not solve was taken")
            return
        }
        let after = try SavedParts(classifier)
        #expect(after.gram == saved.gram && after.q == saved.q && after.labels == saved.labels && after.version == saved.version)
        #expect(after.weights == saved.weights && after.samples == saved.samples && after.counts == saved.counts)
    }

    @Test func labels_areMatchedByName() throws {
        let (a, b) = (try Classifier(ModelConfiguration(dimension: 2)), try Classifier(ModelConfiguration(dimension: 2, ridge: 5)))
        try a.learn(features: [1, 0, 0, 1], labels: ["x", "y"])
        try b.learn(features: [2, 1, 1, 3, 1, 1], labels: ["z", "y", "x"])
        let outcome = try a.merge(b)
        #expect(outcome == MergeOutcome(rows: 3, newClasses: ["z"]))
        #expect(a.registry.labels == ["x", "y", "z"] && a.counts == [2, 2, 1] && a.configuration.ridge == 0.1 && a.version == 2)
        let joint = try Classifier(ModelConfiguration(dimension: 2))
        try joint.learn(features: [1, 0, 0, 1, 2, 1, 1, 3, 1, 1], labels: ["x", "y", "z", "y", "x"])
        #expect(relativeDifference(a.weights(for: ["x", "y", "z"]), joint.weights(for: ["x", "y", "z"])) < 1e-12)
        // An empty model adds nothing and takes everything.
        let empty = try Classifier(ModelConfiguration(dimension: 2))
        #expect(try a.merge(empty) == MergeOutcome(rows: 0, newClasses: []))
        #expect(try empty.merge(a).newClasses == ["x", "y", "z"])
        #expect(relativeDifference(empty.weights(for: ["x", "y", "z"]), joint.weights(for: ["x", "y", "z"])) < 1e-12)
    }
}
