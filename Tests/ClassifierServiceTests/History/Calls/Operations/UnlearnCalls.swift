import TensorFormats

/// `unlearn` of learned rows.
enum UnlearnCalls: ChangingOperation {
    static let operations = ["unlearn"]
    static let weight = 6

    static func plan(_ world: OracleWorld, _ data: HistoryData, _ generator: inout SeededGenerator) -> PlannedCall? {
        let candidates = world.models.filter { $0.value.classes.contains { $0.count > 0 } }.sorted { $0.key < $1.key }
        guard let (name, model) = candidates.randomElement(using: &generator) else { return nil }
        var all: [(column: Int, row: Int)] = []
        for (column, entry) in model.classes.enumerated() { all += (0..<entry.count).map { (column, $0) } }
        all.shuffle(using: &generator)
        // Usually a few rows; sometimes a whole class, everything, or the outliers.
        switch Int.random(in: 0..<8, using: &generator) {
        case 0: all = all.filter { $0.column == all[0].column }
        case 1: if all.count > 400 { all = Array(all.prefix(400)) }
        case 2, 3:
            let large = all.filter { model.classes[$0.column].rows[$0.row].x.contains { abs($0) > 1e6 } }
            all = large.isEmpty ? Array(all.prefix(3)) : large
        default: all = Array(all.prefix(Int.random(in: 1...6, using: &generator)))
        }
        let taken = all
        let format = RowBody.allCases.randomElement(using: &generator)!
        let rows = taken.map { model.classes[$0.column].rows[$0.row].x }
        let labels = taken.map { model.classes[$0.column].label }
        guard let body = try? format.octets(rows, labels) else { return nil }
        let request = HistoryRequest("POST", "/v1/models/\(name)/unlearn", body, contentType: format.contentType)
        return PlannedCall(
            operation: "unlearn", model: name, request: request, takesKey: true, mayBeRefused: { Self.mayBeInexact($0, name, $1) }
        ) { world, reply, manner in
            guard var model = world.models[name] else { return }
            let stale = Set(taken.map(\.column))
            model.unlearn(Dictionary(grouping: taken, by: \.column).mapValues { $0.map(\.row) })
            world.models[name] = model
            guard let reply else { return }
            try demand(reply["rows"].int == taken.count, "unlearned \(taken.count) rows, and the answer says \(reply["rows"])")
            guard manner == .alone else { return }
            try HistoryChecks.state(reply, model)
            let told = Set((reply["sketches_not_undone"].array ?? []).compactMap { $0.string.map { LabelBytes($0) } })
            let expected: Set<LabelBytes> =
                model.configuration.sketchRank == .exact || model.configuration.sketchRank == .rows(0)
                ? [] : Set(stale.filter { model.classes[$0].count > 0 }.map { model.classes[$0].label })
            try demand(told == expected, "sketches_not_undone is \(told), expected \(expected)")
        }
    }

    /// Unlearning may be refused if sums were once so large that rounding has taken the digits of the ridge or of the smallest pivots.
    private static func mayBeInexact(_ world: OracleWorld, _ name: String, _ reply: Reply) -> Bool {
        guard reply.status == 422, reply.problemDetail.contains("exactly"), let model = world.models[name] else { return false }
        // A class's second moments lose digits only to its own rows, whatever the ridge.
        if reply.problemDetail.contains("second moments") {
            return model.classes.contains { $0.rows.contains { $0.x.contains { abs($0) > 1e6 } } }
        }
        return model.largestTrace * .ulpOfOne > 1e-9 * model.configuration.ridge
    }

    static func refused(_ world: OracleWorld, _ data: HistoryData, _ generator: inout SeededGenerator) -> [RefusedCall] {
        guard let (name, model) = world.models.sorted(by: { $0.key < $1.key }).randomElement(using: &generator) else { return [] }
        let path = "/v1/models/\(name)/unlearn"
        var calls = LearnCalls.bad(name, model, "unlearn", data, &generator)
        let row = data.row(model.configuration, 1, &generator)
        calls.append(RefusedCall("unlearn", name, HistoryRequest("POST", path, Bodies.learn([row], ["never seen"])), 422))
        guard let entry = model.classes.randomElement(using: &generator) else { return calls }
        let many = (0...entry.count).map { $0 < entry.count ? entry.rows[$0].x : row }
        calls.append(
            RefusedCall("unlearn", name, HistoryRequest("POST", path, Bodies.learn(many, many.map { _ in entry.label.text })), 422))
        // Longer than everything together: it exceeds any sum of squares.
        if entry.count > 0, data.scale(of: model.configuration) == .normal {
            let foreign = row.map { _ in 1e3 * (1 + model.largestTrace.squareRoot() + model.configuration.ridge.squareRoot()) }
            if OracleModel.length(model.mapped(foreign)) > 1e2 * (model.largestTrace + model.configuration.ridge).squareRoot() {
                calls.append(RefusedCall("unlearn", name, HistoryRequest("POST", path, Bodies.learn([foreign], [entry.label.text])), 422))
            }
        }
        return calls
    }
}
