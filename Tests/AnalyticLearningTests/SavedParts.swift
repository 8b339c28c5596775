import LinearAlgebra

@testable import AnalyticLearning

/// A copy of everything in a classifier's snapshot, to change and restore.
struct SavedParts {
    var configuration: ModelConfiguration
    var labels: [Label]
    var counts: [Int]
    var samples: Int
    var version: Int
    var projection: [Float]?
    var phases: [Float]?
    var gram: [Double] = []
    var q: [Double] = []
    var mean: [Double] = []
    var m2: [Double] = []
    var weights: [Double] = []
    var sketchRows: [Int] = []
    var sketchShrunk: [Double] = []
    var sketches: [Double] = []
    var balanced: [Double]?
    var discriminant: (weights: [Double], rule: DiscriminantRule)?
    var balancedVersion = 0
    var evaluation: ProgressiveEvaluation.Counters
    var calibration: CalibrationState?
    var balancedCalibration: CalibrationState?
    var novelty: NoveltyState?
    var sumError: Double?
    var momentErrors: [Double]?
    var rowSum: [Double]?
    var intercepts: [Double]?
    var balancedIntercepts: [Double]?

    init(_ classifier: Classifier) throws {
        configuration = classifier.configuration
        labels = classifier.registry.labels
        counts = classifier.counts
        samples = classifier.samples
        version = classifier.version
        projection = classifier.featureMap.projection.map { projection in (0..<projection.inputs).flatMap { projection.row($0) } }
        phases = classifier.featureMap.phases
        evaluation = classifier.evaluation.counters
        calibration = classifier.calibrationState(of: .plain)
        balancedCalibration = classifier.calibrationState(of: .balanced)
        novelty = classifier.noveltyState
        sumError = classifier.savedSumError
        classifier.withSquare { $0.forEachPackedGram { gram.append(contentsOf: $0) } }
        classifier.withCrossMoment { $0.copyRowMajor(rows: 0..<$0.rows, into: &q) }
        do {
            let folded = try classifier.foldedWeights()
            folded.copyRowMajor(rows: 0..<folded.rows, into: &weights)
        }
        if configuration.intercept {
            rowSum = classifier.withRowSum { $0.withElements { Array($0) } }
            intercepts = classifier.intercepts
        }
        classifier.withMoments { moments in
            moments.mean.withElements { mean = Array($0) }
            moments.m2.withElements { m2 = Array($0) }
            guard classifier.hasMomentErrors else { return }
            momentErrors = moments.errors.flatMap { $0.isEmpty ? [Double](repeating: 0, count: moments.mean.rows) : $0 }
        }
        if let weights = classifier.balanced {
            var elements: [Double] = []
            weights.withWeights { $0.copyRowMajor(rows: 0..<$0.rows, into: &elements) }
            if let rule = weights.rule { discriminant = (elements, rule) } else { balanced = elements }
            if !weights.intercepts.isEmpty { balancedIntercepts = weights.intercepts }
            balancedVersion = weights.version
        }
        try classifier.forEachSketch { column, rows in
            sketchRows.append(classifier.sketchSize(of: column)!.rows)
            sketchShrunk.append(classifier.sketchSize(of: column)!.shrunk)
            sketches.append(contentsOf: rows)
        }
        if configuration.sketchRank == .exact {
            for column in labels.indices { classifier.forEachPackedGram(ofClass: column) { sketches.append(contentsOf: $0) } }
        }
    }

    /// Calls `body` with the state; its buffers live until the call ends.
    func withState<R>(_ body: (SavedState) throws -> R) throws -> R {
        var buffers: [UnsafeMutableBufferPointer<Double>] = []
        defer { for buffer in buffers { buffer.deallocate() } }
        func buffer(_ values: [Double]) -> UnsafeBufferPointer<Double> {
            let copy = UnsafeMutableBufferPointer<Double>.allocate(capacity: values.count)
            _ = copy.initialize(from: values)
            buffers.append(copy)
            return UnsafeBufferPointer(copy)
        }
        var saved = SavedSketches.none
        switch configuration.sketchRank {
        case .rows(0): break
        case .rows: saved = .directions(rows: sketchRows, shrunk: sketchShrunk, elements: buffer(sketches))
        case .exact: saved = .exact(buffer(sketches))
        }
        return try body(
            SavedState(
                configuration: configuration, labels: labels, counts: counts, samples: samples, version: version, projection: projection,
                phases: phases, gram: buffer(gram), crossMoment: buffer(q), mean: buffer(mean), m2: buffer(m2), weights: buffer(weights),
                sketches: saved, balancedWeights: balanced.map(buffer),
                discriminant: discriminant.map { weights, rule in
                    SavedDiscriminant(
                        weights: buffer(weights), center: rule.center, mean: rule.mean, precision: rule.precision,
                        classes: zip(rule.bias, rule.marginWeight).flatMap { [$0, $1] })
                }, balancedVersion: balancedVersion,
                evaluation: try ProgressiveEvaluation(evaluation), calibration: calibration, balancedCalibration: balancedCalibration,
                novelty: novelty, sumError: sumError, momentErrors: momentErrors.map(buffer),
                rowSum: rowSum.map(buffer), intercepts: intercepts, balancedIntercepts: balancedIntercepts))
    }

    func restored() throws -> Classifier {
        try withState { try Classifier(restoring: $0) }
    }
}

extension Classifier {
    /// Merges another classifier, as through its snapshot.
    @discardableResult
    func merge(_ other: Classifier) throws -> MergeOutcome {
        try SavedParts(other).withState { try merge($0) }
    }

    /// W̃ row-major, or empty. A discriminant's weights have any signs: instead, its scores of some rows, without classes without rows.
    var balancedElements: [Double] {
        var elements: [Double] = []
        if let balanced, balanced.rule != nil {
            var generator = SplitMix64(state: 77)
            var h = try! Matrix(rows: configuration.width, columns: 20)
            h.withMutableElements { for index in $0.indices { $0[index] = abs(generator.normal()) } }
            return balanced.scores(of: h).flatMap { $0.filter { $0 > -1e20 } }
        }
        balanced?.withWeights { $0.copyRowMajor(rows: 0..<$0.rows, into: &elements) }
        return elements
    }
}

extension BalancedWeights {
    /// The scores of mapped rows [D×n], row after row.
    func scores(of h: borrowing Matrix) -> [[Double]] {
        var products = try! Matrix(rows: 0, columns: 0)
        var result: [[Double]] = []
        try! forEachScores(h, scratch: &products) { result.append(Array($1)) }
        return result
    }
}

extension Matrix {
    /// The same with these elements, column after column.
    consuming func filled(with elements: [Double]) -> Matrix {
        withMutableElements { _ = $0.update(fromContentsOf: elements) }
        return self
    }
}
