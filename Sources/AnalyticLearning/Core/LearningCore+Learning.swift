internal import LinearAlgebra

extension LearningCore {
    /// Learns requests at once: W, R, G, Q, counts and moments end as if the requests had been learned one after another.
    ///
    /// The caller must first make room with `reserve`.
    ///
    /// - Parameters:
    ///   - rows: the rows of all requests.
    ///   - spans: the requests in order, divided for weights that are current before each.
    ///   - recorders: receive the scores of each row from before its request, or its part of one, was learned.
    ///   - balanced: receives the mapped rows before they are learned.
    ///   - confirm: called once, before anything but scratch memory changes; returns whether to learn the rows at all.
    /// - Returns: the column that each row's scores before its whole request chose; nil if the rows are not to be learned.
    /// - Throws: `LinearAlgebraError.outOfMemory`, but not if there is room.
    /// - Complexity: see `CostModel`.
    mutating func learn(
        _ rows: LabelledRows, spans: [RequestSpan], recorders: ScoreRecorders, balanced: BalancedScorer?, confirm: () -> Bool
    ) throws(LinearAlgebraError) -> [Int]? {
        let block = view.cost.blockRows
        var predictions: [Int] = []
        predictions.reserveCapacity(rows.count)
        var (row, index) = (0, 0)
        while index < spans.count {
            // As many requests as fit one block of the recursion, or a single larger one.
            var (end, count) = spans.request(at: index)
            while end < spans.count {
                let next = spans.request(at: end)
                guard count + next.rows <= block else { break }
                (end, count) = (next.end, count + next.rows)
            }
            let part = rows[row..<(row + count)]
            if count > block {
                guard index > 0 || confirm() else { return nil }
                predictions += try learnLarge(part, spans[index..<end], recorders, balanced)
            } else {
                var scorer = ProgressiveScorer(spans: spans[index..<end], recorders: recorders)
                guard try learnBlock(part, &scorer, balanced: balanced, confirm: { index > 0 || confirm() }) else { return nil }
                predictions += scorer.predictions
            }
            row += count
            index = end
        }
        return predictions
    }

    /// Rows that fit one block of the recursion.
    ///
    /// - Parameter confirm: called when the rows have been mapped and multiplied by R: most of the work of a few rows.
    /// - Returns: false, with nothing changed, if it does.
    @discardableResult
    private mutating func learnBlock(
        _ rows: LabelledRows, _ scorer: inout ProgressiveScorer, balanced: BalancedScorer? = nil, isObserved: Bool = true,
        confirm: () -> Bool = { true }
    ) throws(LinearAlgebraError) -> Bool {
        try withMapped(rows.features) { (core, h) throws(LinearAlgebraError) in
            let failure = core.isBehind ? nil : core.beginBlock(h)
            guard confirm() else { return false }
            if isObserved { try core.observe(h, columns: rows.columns, balanced: balanced) }
            guard core.isBehind else {
                core.step { (core) throws(LinearAlgebraError) in
                    try core.recur(rows, h, &scorer, failure)
                    return .together
                }
                return true
            }
            try core.score(h, columns: rows.columns, &scorer)
            core.accumulate(rows, h)
            core.solve()
            return true
        }
    }

    /// P = RHᵀ, and room for the rest of a block. Changes scratch memory only.
    ///
    /// - Returns: an error that the block must be told of.
    private mutating func beginBlock(_ h: borrowing Matrix) -> LinearAlgebraError? {
        do throws(LinearAlgebraError) { try view.beginBlock(h, square: square) } catch { return error }
        return nil
    }

    /// One request of more rows than a block, whose parts are scored one after another by weights that have those before.
    ///
    /// - Returns: the column that each row's scores before the request chose.
    private mutating func learnLarge(
        _ rows: LabelledRows, _ parts: ArraySlice<RequestSpan>, _ recorders: ScoreRecorders, _ balanced: BalancedScorer?
    ) throws(LinearAlgebraError) -> [Int] {
        var scorer = RequestScorer(parts, rows: rows.count, recorders)
        if scorer.needsEarlierWeights { try keepEarlierWeights() }
        let path = isBehind ? .bulk : path(rows: rows.count, classes: truth.counts.count, isDivided: parts.count > 1)
        var row = 0
        for (index, span) in zip(parts.indices, parts) {
            let part = rows[row..<(row + span.rows)]
            let isLast = index + 1 == parts.endIndex
            row += span.rows
            switch path {
            case .wideBlock:
                try learnBlock(part, &scorer.current, balanced: balanced)
                discardWideBlock()
            case .blocks:
                try learnBlocks(part, &scorer, balanced: balanced)
                if !isLast { refreshNovelty(recorders) }
            case .bulk:
                try accumulateScored(part, &scorer, balanced: balanced)
                if isLast { solve() } else { renewWeights(recorders) }
            }
        }
        earlierWeights.dropColumns(from: 0)
        return scorer.predictions
    }

    /// Copies the weights before a divided request, with their intercepts.
    private mutating func keepEarlierWeights() throws(LinearAlgebraError) {
        settle()
        try earlierWeights.copy(from: view.readout.weights)
        earlierIntercepts = view.readout.intercept.shownSums?.intercepts ?? []
        view.readout.intercept.fold(into: &earlierWeights, intercepts: earlierIntercepts)
    }

    /// Rows that are scored first and then pass through the recursion in parts.
    private mutating func learnBlocks(
        _ rows: LabelledRows, _ scorer: inout RequestScorer, balanced: BalancedScorer?
    ) throws(LinearAlgebraError) {
        try rows.forEachPart(of: view.cost.blockRows) { (part) throws(LinearAlgebraError) in
            try withMapped(part.features) { (core, h) throws(LinearAlgebraError) in
                try core.score(h, columns: part.columns, &scorer.current)
                try core.scoreEarlier(h, columns: part.columns, &scorer)
                try core.observe(h, columns: part.columns, balanced: balanced)
            }
        }
        try learnUnscored(rows)
    }

    /// Rows that pass through the recursion in parts, and have been scored before or need not be.
    private mutating func learnUnscored(_ rows: LabelledRows) throws(LinearAlgebraError) {
        var unused = ProgressiveScorer(spans: [])
        try rows.forEachPart(of: view.cost.blockRows) { (part) throws(LinearAlgebraError) in
            try learnBlock(part, &unused, isObserved: false)
        }
    }

    /// Lets other weights than W score rows before they are learned: each row once.
    private mutating func observe(
        _ h: borrowing Matrix, columns: ArraySlice<Int>, balanced: BalancedScorer?
    ) throws(LinearAlgebraError) {
        try balanced?.record(h, columns: columns, scratch: &scores)
        // Without memory these rows do not count in the race.
        do throws(LinearAlgebraError) { try race?.record(h, columns: columns, counts: truth.counts) } catch {}
    }

    /// Scores rows by the current weights, and adds them to the truth and to G.
    mutating func accumulateScored(
        _ rows: LabelledRows, _ scorer: inout RequestScorer, balanced: BalancedScorer?
    ) throws(LinearAlgebraError) {
        try rows.forEachPart(of: accumulatedRows(classes: truth.counts.count)) { (part) throws(LinearAlgebraError) in
            try withMapped(part.features) { (core, h) throws(LinearAlgebraError) in
                try core.observe(h, columns: part.columns, balanced: balanced)
                try core.multiplyScores(h)
                core.accumulate(part, h, scoring: &scorer.current)
                try core.scoreEarlier(h, columns: part.columns, &scorer)
            }
        }
    }

    /// The recursion (ACIL eq. 9–10 in G-ACIL's mini-batch form), and the sums of the same rows.
    ///
    ///     P = RHᵀ   S = I + HP = LLᵀ   T = PL⁻ᵀ   R ← R − TTᵀ   W ← W + T L⁻¹(Y − HW)
    ///
    /// - Parameters:
    ///   - h: Hᵀ [D×n].
    ///   - scorer: receives the scores of every row from before its own request was learned.
    ///   - failure: what `beginBlock` returned for the same rows.
    /// - Throws: the failure, or an error of solving again; the truth then has the rows, and the old weights stay.
    /// - Complexity: 4D²n multiply-adds, or 2D²n for blocks that are gathered.
    private mutating func recur(
        _ rows: LabelledRows, _ h: borrowing Matrix, _ scorer: inout ProgressiveScorer, _ failure: LinearAlgebraError?
    ) throws(LinearAlgebraError) {
        if let failure {
            truth.add(rows, h)
            addToGram(h)
            scorer.skip(rows.columns)
            throw failure
        }
        // A wide block is added to G in parts, see `addToGram`.
        let schedule =
            rows.count > view.cost.blockRows
            ? .inTurn
            : BlockSchedule.recursion(
                square.costOfAddingToGram(h), chains: view.cost.chainOperations(rows: rows.count, classes: truth.counts.count),
                isGathered: view.isGathered(rows: rows.count), hasSketches: truth.sketches.isKept)
        view.readout.settleIntercepts(truth)
        var firstRows = 0
        let factored = view.update.factor(h, schedule, &square) {
            truth.add(rows, h)
            firstRows = view.readout.score(h, columns: rows.columns, &scorer)
        }
        guard let shrinkage = factored else {
            view.readout.scoreRest(columns: rows.columns, from: firstRows, &scorer)
            view.flush(square: &square)
            if !schedule.includesGram { addToGram(h) }
            return try view.solve(square: &square, truth: truth)
        }
        view.readout.learn(view.update, columns: rows.columns, from: firstRows, &scorer)
        view.apply(h, square: &square, isInGram: schedule.includesGram)
        try view.endBlock(h, shrinkage: shrinkage, square: &square, truth: truth)
    }

    /// G ← G + HHᵀ, at most one block's columns at once: compensation does not cover rounding within one sum of many rows.
    private mutating func addToGram(_ h: borrowing Matrix) {
        let block = view.cost.blockRows
        for first in stride(from: 0, to: h.columns, by: block) {
            square.addToGram(h, columns: first..<min(first + block, h.columns))
        }
    }

    // MARK: Wide blocks

    /// How a request of more rows than a block is learned. Sketches have buffers for one block only.
    ///
    /// - Parameter isDivided: whether the weights are needed before its end: a wide block has them only then.
    func path(rows: Int, classes: Int, isDivided: Bool = false) -> CostModel.Path {
        view.cost.path(rows: rows, classes: classes, mayBeWide: !truth.sketches.isKept && !isDivided)
    }

    // MARK: Sums alone

    /// Adds rows to the truth and to G: the first half of the bulk path, which ends with `solve`.
    ///
    /// - Complexity: D²n/2 multiply-adds.
    mutating func accumulate(_ rows: LabelledRows, _ h: borrowing Matrix) {
        step { core in
            core.truth.add(rows, h)
            core.view.flush(square: &core.square)
            core.square.addToGram(h)
            return .viewBehind
        }
    }

    /// The same, and scores the rows from the products in `scores`.
    private mutating func accumulate(_ rows: LabelledRows, _ h: borrowing Matrix, scoring scorer: inout ProgressiveScorer) {
        step { core in
            core.view.flush(square: &core.square)
            let schedule = BlockSchedule.accumulation(
                core.square.costOfAddingToGram(h),
                chains: core.view.cost.sumOperations(rows: rows.count, classes: core.truth.counts.count),
                hasSketches: core.truth.sketches.isKept)
            schedule.run(&core.square, h) {
                core.truth.add(rows, h)
            } _: {
                scorer.score(core.scores, columns: rows.columns)
            }
            if !schedule.includesGram { core.square.addToGram(h) }
            return .viewBehind
        }
    }

    /// How many rows are accumulated at once: as many as the buffer of mapped rows holds. Identity rows need no buffer; more rows
    /// at once mean fewer passes over G and over each class's sums. Their scores then take at most 2 MiB, or as much as a block's.
    /// Compensation does not cover rounding within one sum of many rows, so compensated sums keep to one block.
    func accumulatedRows(classes: Int) -> Int {
        let block = view.cost.blockRows
        // Sketches have their own buffers.
        let isPlain = !truth.sketches.isKept && !SymmetricPair.isCompensated(dimension: featureMap.width)
        guard isPlain, featureMap.isIdentity || wideRows > 0 else { return block }
        return max(block, min(featureMap.isIdentity ? Self.largestPart : wideRows, (1 << 18) / max(1, classes)))
    }

    /// Most rows that are accumulated at once: more gain nothing.
    static let largestPart = 1024

    // MARK: Scores

    /// Scores the mapped rows by the current weights.
    private mutating func score(
        _ h: borrowing Matrix, columns: ArraySlice<Int>, _ scorer: inout ProgressiveScorer
    ) throws(LinearAlgebraError) {
        try multiplyScores(h)
        scorer.score(scores, columns: columns)
    }

    /// Scores the mapped rows by the weights before their request, if others score them too.
    private mutating func scoreEarlier(
        _ h: borrowing Matrix, columns: ArraySlice<Int>, _ scorer: inout RequestScorer
    ) throws(LinearAlgebraError) {
        guard scorer.needsEarlierWeights else { return }
        try scores.reshapeScratch(rows: h.columns, columns: earlierWeights.columns)
        scores.multiply(h, transposed: true, by: earlierWeights)
        scores.addToColumns(earlierIntercepts)
        scorer.earlier?.score(scores, columns: columns)
    }

    private mutating func multiplyScores(_ h: borrowing Matrix) throws(LinearAlgebraError) {
        try scores.reshapeScratch(rows: h.columns, columns: view.readout.weights.columns)
        scores.multiply(h, transposed: true, by: view.readout.weights)
        try view.readout.addIntercepts(to: &scores, h)
    }

    // MARK: Replaying

    /// Delays solving the view until many rows have come, in pieces of any size.
    mutating func beginReplay(rows: Int) {
        if view.cost.isBulk(unscored: rows, classes: truth.counts.count) { step { _ in .viewBehind } }
    }

    /// Learns rows without scoring them. Few rows go through the recursion; many are only accumulated, and `finishReplay` solves
    /// once.
    ///
    /// The caller must first make room with `reserve`.
    ///
    /// - Throws: `LinearAlgebraError.outOfMemory`, but not if there is room.
    mutating func replay(_ rows: LabelledRows) throws(LinearAlgebraError) {
        guard replaysInBulk(rows.count) else { return try learnUnscored(rows) }
        try rows.forEachPart(of: accumulatedRows(classes: truth.counts.count)) { (part) throws(LinearAlgebraError) in
            try withMapped(part.features) { core, h in core.accumulate(part, h) }
        }
    }

    /// Whether rows of a log are accumulated, for one solution at the end.
    func replaysInBulk(_ rows: Int) -> Bool { isBehind || view.cost.isBulk(unscored: rows, classes: truth.counts.count) }

    /// Solves the view if it is behind.
    mutating func catchUp() {
        if isBehind { solve() }
    }
}
