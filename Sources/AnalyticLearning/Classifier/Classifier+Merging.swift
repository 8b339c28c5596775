internal import LinearAlgebra

/// What merging did.
public struct MergeOutcome: Sendable, Equatable {
    /// Rows added, including rows of no class.
    public var rows: Int
    /// Labels that were new, in column order.
    public var newClasses: [Label]
}

extension Classifier {
    /// Adds another model's truth, as if this model had learned its rows too, and solves again.
    ///
    /// Both must have the same dimension, feature map (bit for bit) and sketch rank. Classes are matched by label. Ridge and imbalance
    /// stay this model's; balanced weights stay as they are until refreshed. A merged sketch is the sketch of this model's rows
    /// followed by the other's sketch, plus the other's loss.
    ///
    /// A model that has evaluated no row takes over the other's figures: see `takeFigures`. One with its own keeps them. The weight of
    /// the calibration shrinks to the share of all rows that its model had.
    ///
    /// - Throws: `MergeError`; nothing has changed then.
    /// - Complexity: D³ + 4D²C multiply-adds, and memory for one more D×D square.
    @discardableResult
    public func merge(_ state: SavedState) throws(MergeError) -> MergeOutcome {
        try checkLikeness(state)
        do throws(RestoreError) {
            try state.check(dimension: featureMap.dimension, width: featureMap.width)
        } catch {
            throw .state(error)
        }
        try checkProjection(state)
        // The intercepts need the sum of all rows.
        if configuration.intercept, !state.configuration.intercept, state.counts.reduce(0, +) < state.samples {
            throw .differs(part: "intercept", mine: "true", theirs: "false, with rows of no class")
        }
        // No class has more rows than there are samples.
        guard canCount(rows: state.samples) else { throw .tooManyRows }
        let (samples, known) = (core.truth.samples, core.truth.counts.count)
        // Drops labels interned for a request that was refused.
        registry.truncate(to: known)
        core.flush()
        try Self.checkSolution(of: state)
        let curves: (plain: BalanceCurve, balanced: BalanceCurve)
        do throws(RestoreError) {
            curves = (try state.curve(of: .plain), try state.curve(of: .balanced))
        } catch {
            throw .state(error)
        }
        let before = registry
        let columns = intern(state.labels)
        do throws(MergeError) {
            try core.merge(state, to: columns, classRoom)
        } catch {
            registry = before
            throw error
        }
        let isTheirs = takeFigures(of: state, curves, to: columns)
        fadeCalibration(rows: isTheirs ? state.samples : samples, of: core.truth.samples)
        core.race = nil
        beginEpoch(dropping: false)
        return MergeOutcome(rows: state.samples, newClasses: Array(registry.labels[known...]))
    }

    /// Continues the figures of a merged state, for a model that has none.
    ///
    /// The evaluation and its history are those of the other's rows, as it predicted them with its settings. Calibration, race and
    /// novelty depend on the scores, so they are taken only with the same ridge and intercept; those of balanced weights only with the same
    /// imbalance too.
    ///
    /// - Parameter columns: this model's column for each of the state's classes.
    /// - Returns: whether the figures are the other's now; not if this model has its own, or the other has none.
    private func takeFigures(
        of state: SavedState, _ curves: (plain: BalanceCurve, balanced: BalanceCurve), to columns: [Int]
    ) -> Bool {
        let hasNone = evaluation.evaluatedSamples == 0 && plainTest.calibrator.state == nil && balancedTest.calibrator.state == nil
        guard hasNone else { return false }
        guard let other = state.evaluation, other.evaluatedSamples > 0 else { return false }
        evaluation = other.moved(to: columns)
        guard configuration.ridge == state.configuration.ridge, configuration.intercept == state.configuration.intercept else {
            return true
        }
        plainTest.calibrator.restore(state.calibration)
        plainTest.curve = curves.plain.moved(to: columns)
        noveltyRecorder.restore(state.novelty)
        guard configuration.imbalance == state.configuration.imbalance, configuration.imbalance != .none else { return true }
        balancedTest.calibrator.restore(state.balancedCalibration)
        balancedTest.curve = curves.balanced.moved(to: columns)
        return true
    }

    private func checkLikeness(_ state: SavedState) throws(MergeError) {
        func compare<T: Equatable>(_ part: String, _ mine: T, _ theirs: T) throws(MergeError) {
            if mine != theirs { throw .differs(part: part, mine: "\(mine)", theirs: "\(theirs)") }
        }
        try compare("dimension", configuration.dimension, state.configuration.dimension)
        try compare("feature_map.kind", Self.kind(of: configuration), Self.kind(of: state.configuration))
        try compare("feature_map.width", configuration.projectionWidth ?? 0, state.configuration.projectionWidth ?? 0)
        if case .random(let mine) = configuration.featureMap, case .random(let theirs) = state.configuration.featureMap {
            try compare("feature_map.activation", mine.activation.rawValue, theirs.activation.rawValue)
            try compare("feature_map.include_input", mine.includesInput, theirs.includesInput)
            try compare("feature_map.distribution", mine.distribution.rawValue, theirs.distribution.rawValue)
            try compare("feature_map.scale", Self.text(mine.scale), Self.text(theirs.scale))
        }
        try compare("sketch_rank", Self.text(configuration.sketchRank), Self.text(state.configuration.sketchRank))
    }

    private static func kind(of configuration: ModelConfiguration) -> String {
        switch configuration.featureMap {
        case .identity: "identity"
        case .randomRelu: "random_relu"
        case .random: "random"
        }
    }

    private static func text(_ scale: RandomFeatures.Scale) -> String {
        switch scale {
        case .fixed(let number): "\(number)"
        case .automatic: "auto"
        }
    }

    private static func text(_ rank: SketchRank) -> String {
        switch rank {
        case .rows(let rows): "\(rows)"
        case .exact: "exact"
        }
    }

    private func checkProjection(_ state: SavedState) throws(MergeError) {
        for (column, (mine, theirs)) in zip(featureMap.phases ?? [], state.phases ?? []).enumerated() where mine != theirs {
            throw .differs(part: "feature_map.phase[\(column)]", mine: "\(mine)", theirs: "\(theirs)")
        }
        guard let mine = featureMap.projection, let theirs = state.projection else { return }
        for input in 0..<mine.inputs {
            let row = mine.row(input)
            for (output, value) in row.enumerated() where value.bitPattern != theirs[input * mine.outputs + output].bitPattern {
                throw .differs(
                    part: "feature_map.projection[\(input), \(output)]", mine: "\(value)",
                    theirs: "\(theirs[input * mine.outputs + output])")
            }
        }
    }

    /// Checks that the state's weights solve their own equations, as restoring requires.
    ///
    /// - Complexity: D²C multiply-adds and memory for a D×D square, freed on return; for weights that fail, also those of
    ///   restoring.
    private static func checkSolution(of state: SavedState) throws(MergeError) {
        do {
            // The equations may be too ill-conditioned for a better solution; restoring decides.
            if try residual(of: state) > Conditioning.largestResidual { _ = try Classifier(restoring: state) }
        } catch let error as RestoreError {
            throw .state(error)
        } catch let error as LinearAlgebraError {
            throw .solver(error)
        } catch {
            preconditionFailure("a configuration that has been restored is refused: \(error)")
        }
    }

    private static func residual(of state: SavedState) throws(LinearAlgebraError) -> Double {
        var gram = try SymmetricPair(dimension: state.configuration.width)
        gram.setGram(packedLower: state.gram)
        var crossMoment = try Matrix(rows: gram.dimension, columns: state.labels.count)
        crossMoment.setRowMajor(state.crossMoment)
        var weights = try Matrix(rows: gram.dimension, columns: state.labels.count)
        weights.setRowMajor(state.weights)
        var product = try Matrix(rows: gram.dimension, columns: state.labels.count)
        try gram.multiplyGram(weights, into: &product)
        state.addIntercepts(to: &product)
        return LearningCore.relativeResidual(&product, weights, ridge: state.configuration.ridge, crossMoment: crossMoment)
    }
}
