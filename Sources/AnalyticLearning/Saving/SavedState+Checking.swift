extension SavedState {
    /// Checks that all parts have the sizes required by the configuration and the labels, and hold values that a model can reach.
    ///
    /// Features are at most 1e50 in magnitude; the bounds on sums leave room for as many rows as can be counted, with any map. Near
    /// the bounds, further rows vanish in the sums, and `merge` refuses to exceed them: a state that was read can always be saved
    /// and read again.
    ///
    /// - Throws: `RestoreError` that names the part.
    func check(dimension: Int, width: Int) throws(RestoreError) {
        let classes = labels.count
        var seen: Set<Label> = []
        for label in labels where !seen.insert(label).inserted { throw .label(label) }
        let triangle = width * (width + 1) / 2
        for (part, count, expected) in [
            ("feature_map.projection", projection?.count ?? 0, dimension * (configuration.projectionWidth ?? 0)),
            ("feature_map.phase", phases?.count ?? 0, configuration.phaseCount),
            ("gram.packed_lower", gram.count, triangle), ("cross_moment", crossMoment.count, width * classes),
            ("class.count", counts.count, classes), ("class.mean", mean.count, classes * dimension),
            ("class.m2", m2.count, classes * dimension), ("weight", weights.count, width * classes),
        ] where count != expected {
            throw .size(part: part, count: count, expected: expected)
        }
        try checkIntercepts(width: width, classes: classes)
        try Self.check(gram, "gram.packed_lower", -SumLimits.gram...SumLimits.gram)
        try Self.check(crossMoment, "cross_moment", -SumLimits.crossMoment...SumLimits.crossMoment)
        try Self.check(mean, "class.mean", -1e51...1e51)
        try Self.check(m2, "class.m2", 0...SumLimits.secondMoment)
        try Self.check(weights, "weight", -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude)
        // No draw of a map with a scale exceeds 7; with larger ones, h could overflow.
        var bound = Float.greatestFiniteMagnitude
        if case .random = configuration.featureMap { bound = 8 }
        if let projection, let index = projection.firstIndex(where: { !(abs($0) <= bound) }) {
            throw .value(part: "feature_map.projection", index: index)
        }
        if let phases, let index = phases.firstIndex(where: { !(abs($0) <= 1) }) { throw .value(part: "feature_map.phase", index: index) }
        for (part, count) in [("samples", samples), ("version", version)] where !(0...CountLimits.largest).contains(count) {
            throw .value(part: part, index: 0)
        }
        var sum = 0
        for (index, count) in counts.enumerated() {
            let (next, overflow) = sum.addingReportingOverflow(count)
            guard count >= 0, !overflow, next <= samples else { throw .value(part: "class.count", index: index) }
            sum = next
        }
        try checkSketches(classes: classes, width: width, triangle: triangle)
        if let balancedWeights {
            guard balancedWeights.count % width == 0, balancedWeights.count / width <= classes else {
                throw .size(part: "weight.balanced", count: balancedWeights.count, expected: classes * width)
            }
            try Self.check(balancedWeights, "weight.balanced", -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude)
            guard (0...version).contains(balancedVersion) else { throw .value(part: "balanced_version", index: 0) }
        }
        if let discriminant {
            guard let rule = discriminant.rule, rule.classCount <= classes else {
                throw .value(part: "discriminant.class", index: 0)
            }
            guard discriminant.weights.count == width * rule.productCount else {
                throw .size(part: "discriminant.weight", count: discriminant.weights.count, expected: width * rule.productCount)
            }
            try Self.check(discriminant.weights, "discriminant.weight", -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude)
            guard (0...version).contains(balancedVersion) else { throw .value(part: "balanced_version", index: 0) }
        }
        if let sumError, !(0...SumError.largestBound).contains(sumError) { throw .value(part: "sum_error", index: 0) }
        if let momentErrors {
            guard momentErrors.count == classes * dimension else {
                throw .size(part: "class.m2.error", count: momentErrors.count, expected: classes * dimension)
            }
            try Self.check(momentErrors, "class.m2.error", 0...SumLimits.secondMoment)
        }
        try calibration?.check("calibration")
        try balancedCalibration?.check("calibration.balanced")
        for kind in [WeightsKind.plain, .balanced] { _ = try curve(of: kind) }
        try novelty?.check("novelty")
        if let evaluation, !evaluation.fits(classes: classes) { throw .value(part: "evaluation", index: 0) }
    }

    private func checkIntercepts(width: Int, classes: Int) throws(RestoreError) {
        let finite = -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude
        let isUsed = configuration.intercept
        let balanced = isUsed ? balancedWeights.map { $0.count / max(1, width) } ?? 0 : 0
        for (part, count, expected) in [
            ("row_sum", rowSum?.count ?? 0, isUsed ? width : 0), ("weight.intercept", intercepts?.count ?? 0, isUsed ? classes : 0),
            ("weight.balanced.intercept", balancedIntercepts?.count ?? 0, balanced),
        ] where count != expected {
            throw .size(part: part, count: count, expected: expected)
        }
        if let rowSum { try Self.check(rowSum, "row_sum", -SumLimits.crossMoment...SumLimits.crossMoment) }
        for (part, values) in [("weight.intercept", intercepts), ("weight.balanced.intercept", balancedIntercepts)] {
            try values?.withUnsafeBufferPointer { values throws(RestoreError) in try Self.check(values, part, finite) }
        }
    }

    private func checkSketches(classes: Int, width: Int, triangle: Int) throws(RestoreError) {
        switch (configuration.sketchRank, sketches) {
        case (.rows(0), .none): return
        case (.rows(let rank), .directions(let rows, let shrunk, let elements)) where rank > 0:
            guard rows.count == classes else { throw .size(part: "sketch.count", count: rows.count, expected: classes) }
            guard shrunk.count == classes else { throw .size(part: "sketch.shrunk", count: shrunk.count, expected: classes) }
            for (index, count) in rows.enumerated() where !(0..<(2 * rank)).contains(count) {
                throw .value(part: "sketch.count", index: index)
            }
            for (index, value) in shrunk.enumerated() where !(0...SumLimits.gram).contains(value) {
                throw .value(part: "sketch.shrunk", index: index)
            }
            let expected = rows.reduce(0, +) * width
            guard elements.count == expected else { throw .size(part: "sketch.rows", count: elements.count, expected: expected) }
            var start = 0
            for count in rows {
                // Rotating a sketch changes its elements but, except for rounding, not their sum of squares.
                let end = start + count * width
                var squares = 0.0
                for index in start..<end {
                    squares += elements[index] * elements[index]
                    guard squares <= SumLimits.gram * (1 + 1e-6) else { throw .value(part: "sketch.rows", index: index) }
                }
                start = end
            }
        case (.exact, .exact(let elements)):
            guard elements.count == classes * triangle else {
                throw .size(part: "sketch.gram", count: elements.count, expected: classes * triangle)
            }
            try Self.check(elements, "sketch.gram", -SumLimits.gram...SumLimits.gram)
        case (let rank, .none):
            // A model without classes has no sketches to save.
            if classes > 0 { throw .size(part: rank == .exact ? "sketch.gram" : "sketch.count", count: 0, expected: classes) }
        default: throw .size(part: "sketch", count: 1, expected: 0)
        }
    }

    private static func check(
        _ values: UnsafeBufferPointer<Double>, _ part: String, _ range: ClosedRange<Double>
    ) throws(RestoreError) {
        // NaN is in no range. Pieces are counted without a branch for each value, at the speed of memory.
        for first in stride(from: 0, to: values.count, by: 1024) {
            let piece = first..<min(first + 1024, values.count)
            var outside = 0
            for index in piece { outside += values[index] >= range.lowerBound && values[index] <= range.upperBound ? 0 : 1 }
            guard outside > 0 else { continue }
            for index in piece where !(values[index] >= range.lowerBound && values[index] <= range.upperBound) {
                throw .value(part: part, index: index)
            }
        }
    }
}
