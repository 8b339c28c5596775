internal import AnalyticLearning

/// The small predictions that one turn of an event loop brought, in groups that one product scores.
///
/// Rows cost what it takes to read the map and the weights, and those of a group share each read. Nothing waits longer for it: the loop
/// would otherwise answer the same requests one after another in the same turn.
///
/// `@unchecked Sendable`: each is used only by one event loop, found by the loop's index.
final class TurnGroups<Member>: @unchecked Sendable {
    /// Predictions of the same weights.
    struct Group {
        fileprivate(set) var scorer: Scorer?
        /// The rows of all members, one after another.
        var features: [Float] = []
        var members: [(member: Member, rows: Range<Int>)] = []

        fileprivate var rows: Int { members.last?.rows.upperBound ?? 0 }

        fileprivate func canTake(_ scorer: Scorer, rows more: Int) -> Bool {
            guard let own = self.scorer else { return true }
            return own.weights === scorer.weights && own.kind == scorer.kind && rows + more <= TurnLimits.rows
        }

        fileprivate mutating func clear() {
            scorer = nil
            members.removeAll(keepingCapacity: true)
            features.removeAll(keepingCapacity: features.capacity <= TurnLimits.keptValues)
        }
    }

    /// The first `count` are in use; the others keep their memory.
    private var groups: [Group] = []
    private var count = 0
    /// The first that is not answered.
    private var next = 0
    /// The values of all rows that have joined.
    private var values = 0

    /// Whether a prediction may join: it gains by company, and there is room.
    func mayJoin(_ scorer: Scorer, rows: Int, values more: Int) -> Bool {
        guard rows <= TurnLimits.rows, values + more <= TurnLimits.values, scorer.cost(rows: 1) >= TurnLimits.leastCost else {
            return false
        }
        return count < TurnLimits.groups || groups[next..<count].contains { $0.canTake(scorer, rows: rows) }
    }

    /// Adds a prediction that may join.
    func join(_ member: Member, _ scorer: Scorer, rows: Int, _ features: [Float]) {
        let index = groups[next..<count].firstIndex { $0.canTake(scorer, rows: rows) } ?? count
        if index == groups.count { groups.append(Group()) }
        count = max(count, index + 1)
        let first = groups[index].rows
        groups[index].scorer = scorer
        groups[index].members.append((member, first..<(first + rows)))
        groups[index].features.append(contentsOf: features)
        values += features.count
    }

    /// Calls `body` with the first group that is not answered and its scorer, then forgets the group.
    ///
    /// - Parameter body: answers all members; it may borrow the features.
    /// - Returns: whether there was a group.
    func answerFirst(_ body: (inout Group, Scorer) -> Void) -> Bool {
        guard next < count else {
            (next, count, values) = (0, 0, 0)
            return false
        }
        if let scorer = groups[next].scorer { body(&groups[next], scorer) }
        groups[next].clear()
        next += 1
        return true
    }

    /// Scores the rows of the first group that is not answered, and answers its members.
    ///
    /// - Parameters:
    ///   - workspace: receives the rows while they are needed; it is reset first.
    ///   - note: called for each member before the rows are scored, and again when they are.
    ///   - answer: receives each member, its rows in the workspace, and the scorer of all.
    /// - Returns: whether there was a group.
    func scoreFirst(
        in workspace: PredictWorkspace, note: (inout Member, _ isScored: Bool) -> Void = { _, _ in },
        _ answer: (_ member: Member, _ rows: Range<Int>, _ blocks: BlockScorer) -> Void
    ) -> Bool {
        answerFirst { group, scorer in
            workspace.reset()
            swap(&workspace.features, &group.features)
            let blocks = BlockScorer(scorer, useBLAS: false)
            for index in group.members.indices { note(&group.members[index].member, false) }
            blocks.score(0..<group.rows, workspace)
            for index in group.members.indices { note(&group.members[index].member, true) }
            for (member, rows) in group.members { answer(member, rows, blocks) }
            swap(&workspace.features, &group.features)
        }
    }
}

/// The bounds of what an event loop gathers in a turn.
enum TurnLimits {
    /// Rows of one product: their mapped values stay in a core's cache, and the first answers leave before the last rows are scored.
    static let rows = 32
    /// Products.
    static let groups = 8
    /// Values of all rows together. What comes beyond is answered at once.
    static let values = 1 << 18
    /// Values for which a group keeps its memory.
    static let keptValues = 1 << 17
    /// The least multiply-adds of a row that gains by company: with fewer, map and weights are in the cache anyway.
    static let leastCost = 1 << 16
}
