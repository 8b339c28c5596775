/// A model as a joint solution sees it: all its rows, and what follows from them by the documented formulas.
struct OracleModel: Sendable {
    var configuration: OracleConfiguration
    /// Ω [d, D] row-major, as the service reports it; empty for the identity.
    let projection: [Float]
    /// b/2π, as the service reports it, of cosines; otherwise empty.
    let phases: [Float]
    /// In the order of their columns.
    var classes: [OracleClass] = []
    /// The rows of deleted classes, after the map: they stay in G.
    var orphans: [[Double]] = []
    var version = 0
    var evaluated = Tally()
    /// Confusions no longer add up after a class was deleted.
    var hasLostConfusions = false
    /// After a crash, or requests of unknown order, the classes' shares of the evaluation are unknown.
    var hasLostEvaluations = false
    /// The largest trace that G ever had: the losses of its sums are relative to this.
    var largestTrace = 0.0
    /// Whether the service has said that its sums are inexact.
    var isInexact = false
    /// The states from which balanced weights may have been made, by version.
    var states: [Int: OracleBalance] = [:]
    /// The oldest version of possible balanced weights; earlier ones were dropped.
    var oldestBalance = 0
    /// G row-major; only the lower triangle counts.
    private(set) var gram: [DoubleDouble]
    private var nextClass = 0
    private var known: OracleSolution?

    init(_ configuration: OracleConfiguration, projection: [Float], phases: [Float] = []) {
        self.configuration = configuration
        self.projection = projection
        self.phases = phases
        gram = [DoubleDouble](repeating: DoubleDouble(0), count: configuration.width * configuration.width)
        noteState()
    }

    var width: Int { configuration.width }
    var samples: Int { classes.reduce(orphans.count) { $0 + $1.count } }
    var labels: [LabelBytes] { classes.map(\.label) }

    func column(of label: LabelBytes) -> Int? { classes.firstIndex { $0.label == label } }

    /// The joint solution of this state.
    mutating func solution() -> OracleSolution {
        if let known { return known }
        let right = classes.map { Self.sum($0.rows, width) }
        let solution = OracleSolution(width: width, gram: gram, ridge: configuration.ridge, right: right, residue: residue)
        known = solution
        return solution
    }

    /// What rounding may have left in Q of rows that were unlearned: it is relative to the largest sums that there were.
    var residue: Double { 64 * .ulpOfOne * (Double(max(1, samples)) * largestTrace).squareRoot() }

    static func sum(_ rows: [OracleRow], _ width: Int) -> [DoubleDouble] {
        var sum = [DoubleDouble](repeating: DoubleDouble(0), count: width)
        for row in rows { for index in 0..<width { sum[index] += DoubleDouble(row.h[index]) } }
        return sum
    }

    /// h = φ(x).
    func mapped(_ x: [Double]) -> [Double] {
        configuration.mapped(x, projection: projection, phases: phases)
    }

    // MARK: Changes

    /// Learns rows as one request. If it is larger than the model, it is evaluated in parts.
    ///
    /// - Returns: the labels that are new, and how many of the rows are predicted correctly before all of them: by the plain weights, and
    ///   by default.
    @discardableResult
    mutating func learn(
        _ rows: [[Double]], _ labels: [LabelBytes], versions: Int = 1
    ) -> (new: [LabelBytes], before: Tally, served: Tally) {
        let rows = rows.map { OracleRow(x: $0, h: mapped($0)) }
        let plain = classes.isEmpty ? [] : zip(rows, labels).map { judge($0, $1) }
        let served = isServedByPlainScores ? plain : plain.indices.map { judgeServed(labels[$0]) }
        var new: [LabelBytes] = []
        var start = 0
        while start < rows.count {
            let part = start..<min(rows.count, start + max(200, samples))
            var judged = start == 0 ? served : []
            if start > 0 { judged = part.map { isServedByPlainScores ? judge(rows[$0], labels[$0]) : judgeServed(labels[$0]) } }
            var total = Tally()
            for (index, place) in part.enumerated() {
                let row = rows[place]
                let column = column(of: labels[place]) ?? addClass(labels[place], &new)
                classes[column].rows.append(row)
                classes[column].sketched += 1
                classes[column].largest = row.x.reduce(classes[column].largest) { max($0, abs($1)) }
                if index < judged.count {
                    classes[column].evaluated += judged[index]
                    total += judged[index]
                }
                add(row.h)
            }
            evaluated += total
            known = nil
            start = part.upperBound
        }
        settle(versions)
        return (new, plain.reduce(into: Tally()) { $0 += $1 }, served.reduce(into: Tally()) { $0 += $1 })
    }

    /// Whether `predict` certainly answers by the plain weights' scores as they are: with a balance as long as there is no temperature.
    private var isServedByPlainScores: Bool {
        configuration.imbalance == .none && (configuration.balance == 0 || evaluated.rows < 200)
    }

    /// What is certain otherwise: which balanced weights there are depends on the time, and the temperature on more than the rows.
    private func judgeServed(_ label: LabelBytes) -> Tally { Tally(rows: 1, fewest: 0, most: column(of: label) == nil ? 0 : 1) }

    /// Whether the weights predict a row correctly, certainly or possibly.
    private mutating func judge(_ row: OracleRow, _ label: LabelBytes) -> Tally {
        guard let column = column(of: label) else { return Tally(rows: 1, fewest: 0, most: 0) }
        let solution = solution()
        guard solution.isTold, !isInexact else { return Tally(rows: 1, fewest: 0, most: 1) }
        let scores = solution.weights.map { Self.dot($0, row.h) }
        let tolerance = 2 * Self.length(row.h) * solution.tolerance + .leastNonzeroMagnitude
        let others = scores.indices.filter { $0 != column }
        let isSurelyRight = others.allSatisfy { scores[$0] < scores[column] - tolerance }
        let isSurelyWrong = others.contains { scores[$0] > scores[column] + tolerance }
        return Tally(rows: 1, fewest: isSurelyRight ? 1 : 0, most: isSurelyWrong ? 0 : 1)
    }

    private mutating func addClass(_ label: LabelBytes, _ new: inout [LabelBytes]) -> Int {
        new.append(label)
        classes.append(OracleClass(id: nextClass, label: label))
        nextClass += 1
        return classes.count - 1
    }

    /// Removes rows of a class by their indices.
    mutating func unlearn(_ places: [Int: [Int]]) {
        for (column, rows) in places {
            for row in rows.sorted(by: >) { classes[column].rows.remove(at: row) }
            if classes[column].rows.isEmpty {
                classes[column].sketched = 0
                classes[column].isSketchStale = false
            } else if configuration.sketchRank != .exact {
                classes[column].isSketchStale = true
            }
        }
        gram = [DoubleDouble](repeating: DoubleDouble(0), count: width * width)
        for row in classes.flatMap(\.rows) { add(row.h) }
        for row in orphans { add(row) }
        settle(1)
        dropBalance()
    }

    /// Adds another model's rows; and its evaluation, if this model has none.
    ///
    /// - Returns: the labels that are new.
    @discardableResult
    mutating func merge(_ other: OracleModel) -> [LabelBytes] {
        var new: [LabelBytes] = []
        let takesEvaluation = evaluated.rows == 0 && other.evaluated.rows > 0
        if takesEvaluation {
            evaluated = other.evaluated
            hasLostConfusions = hasLostConfusions || other.hasLostConfusions
            hasLostEvaluations = hasLostEvaluations || other.hasLostEvaluations
        }
        for theirs in other.classes {
            let column = column(of: theirs.label) ?? addClass(theirs.label, &new)
            classes[column].rows += theirs.rows
            classes[column].sketched += theirs.sketched
            classes[column].largest = max(classes[column].largest, theirs.largest)
            if takesEvaluation { classes[column].evaluated = theirs.evaluated }
            if theirs.isSketchStale { classes[column].isSketchStale = true }
            for row in theirs.rows { add(row.h) }
        }
        orphans += other.orphans
        for row in other.orphans { add(row) }
        largestTrace += other.largestTrace
        if other.isInexact { isInexact = true }
        settle(1)
        return new
    }

    /// Replaces this state by another, as a restored snapshot does.
    mutating func restore(_ other: OracleModel) {
        let version = max(version, other.version) + 1
        self = other
        self.version = version
        states = [:]
        oldestBalance = 0
        noteState()
    }

    mutating func rename(_ column: Int, to label: LabelBytes) {
        guard classes[column].label != label else { return }
        classes[column].label = label
        settle(1)
    }

    /// Forgets a class.
    ///
    /// - Returns: the number of rows that became rows of no class.
    @discardableResult
    mutating func deleteClass(_ column: Int) -> Int {
        let removed = classes.remove(at: column)
        orphans += removed.rows.map(\.h)
        hasLostConfusions = true
        settle(1)
        return removed.count
    }

    /// Gives a class's rows to another one.
    ///
    /// - Returns: the number of rows that have another label now.
    @discardableResult
    mutating func joinClass(_ column: Int, into target: Int) -> Int {
        let joined = classes[column]
        // Of rows of one that were taken for the other, which are right now, only the service knows how many there are.
        let mistakes = [column, target].reduce(0) { $0 + classes[$1].evaluated.rows - classes[$1].evaluated.fewest }
        classes[target].evaluated += joined.evaluated
        classes[target].evaluated.most = min(classes[target].evaluated.rows, classes[target].evaluated.most + mistakes)
        evaluated.most = min(evaluated.rows, evaluated.most + mistakes)
        classes[target].rows += joined.rows
        classes[target].sketched += joined.sketched
        classes[target].largest = max(classes[target].largest, joined.largest)
        if joined.isSketchStale { classes[target].isSketchStale = true }
        classes.remove(at: column)
        settle(1)
        dropBalance()
        return joined.count
    }

    /// - Parameter ridgeMetric: what the ridge is chosen by from now on; a ridge is fixed.
    mutating func reconfigure(
        ridge: Double?, ridgeMetric: String?, imbalance: OracleConfiguration.Imbalance?, balance: Double?
    ) {
        let isOther = imbalance.map { $0 != configuration.imbalance } ?? false
        if ridge != nil || ridgeMetric != nil { configuration.ridgeMetric = ridgeMetric }
        configuration.ridge = ridge ?? configuration.ridge
        configuration.imbalance = imbalance ?? configuration.imbalance
        configuration.balance = balance ?? configuration.balance
        settle(1)
        if isOther { dropBalance() }
    }

    /// Moves to a ridge that has won.
    mutating func moveRidge(to ridge: Double, version: Int) {
        configuration.ridge = ridge
        known = nil
        setVersion(version)
    }

    /// Adopts the service's version, if it is unknown how requests were grouped.
    mutating func setVersion(_ version: Int) {
        self.version = version
        noteState()
    }

    /// Adopts the order of columns and the version, if it is unknown which request came first; the states in between are then unknown too.
    mutating func setOrder(_ labels: [LabelBytes], version: Int) {
        let places = Dictionary(uniqueKeysWithValues: labels.enumerated().map { ($1, $0) })
        classes.sort { places[$0.label] ?? 0 < places[$1.label] ?? 0 }
        known = nil
        states = [:]
        setVersion(version)
    }

    private mutating func add(_ h: [Double]) {
        gram.withUnsafeMutableBufferPointer { sums in
            for row in 0..<h.count where h[row] != 0 {
                for column in 0...row { sums[row * h.count + column] += DoubleDouble(h[row], times: h[column]) }
            }
        }
        largestTrace = max(largestTrace, trace)
    }

    private var trace: Double { (0..<width).reduce(0) { $0 + gram[$1 * width + $1].high } }

    private mutating func settle(_ versions: Int) {
        known = nil
        version += versions
        noteState()
    }

    private mutating func dropBalance() {
        oldestBalance = version
        states = states.filter { $0.key >= version }
    }

    private mutating func noteState() {
        guard configuration.imbalance != .none else { return }
        states[version] = OracleBalance(self)
        if states.count > 48 { states[states.keys.min()!] = nil }
    }

    // MARK: Vectors

    static func dot(_ a: [Double], _ b: [Double]) -> Double {
        var sum = DoubleDouble(0)
        for index in a.indices { sum += DoubleDouble(a[index], times: b[index]) }
        return sum.high
    }

    static func length(_ a: [Double]) -> Double {
        let largest = a.reduce(0) { max($0, abs($1)) }
        guard largest > 0, largest.isFinite else { return largest }
        return largest * a.reduce(0) { $0 + ($1 / largest) * ($1 / largest) }.squareRoot()
    }
}
