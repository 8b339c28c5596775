internal import Glibc
internal import LinearAlgebra

/// A copied state of the truth and the view, from which a discriminant is computed. It copies no D×D matrix.
struct DiscriminantProblem: ~Copyable, Sendable {
    /// A job takes no more classes: it does some 100·C³ operations.
    static let largestClasses = 1024

    private let configuration: ModelConfiguration
    private let epoch: Int
    private let labels: [Label]
    private let counts: [Int]
    private let inverseTrace: Double
    private let scale: RowScale
    private let takes: FalseTakes
    /// The classes with rows.
    private let columns: [Int]
    /// Q, W, and GQ if a class is poor, for the classes with rows [D×C]; without columns if nothing can be computed.
    private var crossMoment: Matrix
    private var weights: Matrix
    private var gramProduct: Matrix
    private let fault: BalanceUnavailable.Reason?

    /// Copies what the discriminant of a state depends on.
    ///
    /// - Parameter core: has no gathered rows; its view is solved if it is behind.
    /// - Throws: `LinearAlgebraError.outOfMemory`.
    /// - Complexity: O(D·C); D²C multiply-adds more while a class is poor.
    init(
        _ configuration: ModelConfiguration, labels: [Label], epoch: Int, falseShare: Double, _ core: borrowing LearningCore
    ) throws(LinearAlgebraError) {
        let (width, counts) = (core.square.dimension, core.truth.counts)
        let columns = counts.indices.filter { counts[$0] > 0 }
        let takes = FalseTakes(counts: columns.map { Double(counts[$0]) }, share: falseShare)
        let isSound = !core.isBehind && !core.view.health.isTruncated
        fault = columns.count > Self.largestClasses ? .tooManyClasses : isSound ? nil : .illConditioned
        let count = fault == nil ? columns.count : 0
        var crossMoment = try Matrix(rows: width, columns: count)
        var weights = try Matrix(rows: width, columns: count)
        for place in 0..<count {
            crossMoment.setColumns(from: place, to: core.truth.crossMoment, columns: columns[place]..<(columns[place] + 1))
            weights.setColumns(from: place, to: core.view.readout.weights, columns: columns[place]..<(columns[place] + 1))
        }
        var gramProduct = try Matrix(rows: width, columns: takes.isNeeded && count > 1 ? count : 0)
        if gramProduct.columns > 0 { try core.square.multiplyGram(crossMoment, into: &gramProduct) }
        var trace = 0.0
        for index in 0..<width { trace += core.square.inverseElement(index, index) }
        inverseTrace = trace
        self.configuration = configuration
        self.epoch = epoch
        self.labels = labels
        self.counts = counts
        scale = core.rowScale
        self.takes = takes
        self.columns = columns
        self.crossMoment = crossMoment
        self.weights = weights
        self.gramProduct = gramProduct
    }

    /// Computes the discriminant.
    ///
    /// - Throws: `BalanceError`; `.unavailable` if the state has none.
    consuming func solved(version: Int, shouldStop: () -> Bool) throws(BalanceError) -> BalancedWeights {
        var solution: BalancedWeights?
        var reason = fault
        if fault == nil {
            do throws(LinearAlgebraError) {
                solution = try columns.count > 1 ? discriminant(version, shouldStop) : onlyClass(version)
            } catch {
                // Eigenvectors fail only if the sums are not finite, or nearly so.
                guard case .eigensolverFailed = error else { throw .solver(error) }
            }
            if solution == nil, shouldStop() { throw .stopped }
            if solution == nil { reason = .illConditioned }
        }
        if let solution { return solution }
        throw .unavailable(BalanceUnavailable(version: version, epoch: epoch, reason: reason ?? .illConditioned))
    }

    /// - Complexity: 4DC² multiply-adds.
    func makeSums() throws(LinearAlgebraError) -> DiscriminantSums {
        try DiscriminantSums(
            counts: columns.map { Double(counts[$0]) }, ridge: configuration.ridge, inverseTrace: inverseTrace,
            crossMoment: crossMoment, gramProduct: gramProduct, weights: weights)
    }

    /// - Returns: nil if it was asked to stop, or if digits are lacking.
    private mutating func discriminant(_ version: Int, _ shouldStop: () -> Bool) throws(LinearAlgebraError) -> BalancedWeights? {
        guard case .discriminant(_, let seed) = configuration.imbalance else { preconditionFailure("another setting") }
        let sums = try makeSums()
        let hasMargins = gramProduct.columns > 0
        gramProduct = try Matrix(rows: 0, columns: 0)
        if shouldStop() { return nil }
        guard let fit = try DiscriminantFit(sums) else { return nil }
        var parts = Parts(fit, classes: counts.count, columns: columns)
        let (width, rank) = (weights.rows, fit.coordinates)
        var table = try Matrix(rows: width, columns: rank, columnCapacity: rank + (hasMargins ? counts.count : 0))
        table.multiply(weights, by: fit.map)
        if hasMargins {
            let labels = columns.map { [labels] in labels[$0] }
            let calibration = try DiscriminantCalibration(fit, sums, takes, labels: labels, seed: seed, shouldStop: shouldStop)
            guard let calibration else { return nil }
            parts.add(calibration, columns: columns)
            try table.setColumns(rank + counts.count)
            setCosines(&table, from: rank, calibration.scales)
        }
        return make(version, parts, table)
    }

    /// Z: the class means less their mean, of length 1.
    private func setCosines(_ table: inout Matrix, from rank: Int, _ scales: [Double]) {
        let width = table.rows
        var middle = [Double](repeating: 0, count: width)
        for (place, column) in columns.enumerated() {
            crossMoment.withColumn(place) { sums in
                for index in 0..<width { middle[index] += sums[index] / (Double(counts[column]) * Double(columns.count)) }
            }
        }
        for (place, column) in columns.enumerated() {
            crossMoment.withColumn(place) { sums in
                table.withMutableColumn(rank + column) { target in
                    for index in 0..<width { target[index] = (sums[index] / Double(counts[column]) - middle[index]) * scales[place] }
                }
            }
        }
    }

    /// With one class there is nothing to tell apart: it is predicted.
    private func onlyClass(_ version: Int) throws(LinearAlgebraError) -> BalancedWeights? {
        var parts = Parts(classes: counts.count, coordinates: 1)
        parts.bias[columns[0]] = 0
        return make(version, parts, try Matrix(rows: weights.rows, columns: 1))
    }

    private func make(_ version: Int, _ parts: Parts, _ table: consuming Matrix) -> BalancedWeights? {
        let rule = DiscriminantRule(
            center: parts.center, mean: parts.mean, precision: parts.precision, bias: parts.bias, marginWeight: parts.marginWeights)
        guard let rule else { return nil }
        return BalancedWeights(
            version: version, imbalance: configuration.imbalance, solution: nil, epoch: epoch, weights: table, rule: rule, scale: scale)
    }

    /// About how many multiply-adds a job takes, including what it copies.
    static func operations(width: Int, counts: [Int], falseShare: Double) -> Double {
        let known = counts.filter { $0 > 0 }.map(Double.init)
        guard known.count > 1, known.count <= largestClasses else { return 0 }
        let (d, c) = (Double(width), Double(known.count))
        // The products of Q and W, and eigenvectors of order C.
        let always = 3 * d * c * c + 27 * c * c * c
        guard FalseTakes(counts: known, share: falseShare).isNeeded else { return always }
        let rows = Double(DiscriminantCalibration.Draws.largest(classes: known.count))
        // GQ and its product; eigenvectors of order 2C; the drawn rows, each value of which takes as long as a dozen products.
        return always + d * d * c + 2 * d * c * c + 72 * c * c * c + rows * (7 * c * c + 36 * c)
    }

    /// Peak memory in doubles, at most.
    static func doubles(width: Int, classes: Double) -> Double {
        let c = min(classes, Double(largestClasses))
        let rows = Double(DiscriminantCalibration.Draws.largest(classes: Int(c)))
        // Q, W and GQ; or Q, W, the weights and their table.
        let wide = 4 * Double(width) * c + 1.5 * PublishedWeights.doubles(width: width, classes: c)
        // The sums and the fit; the covariance of 2C, its root, and the eigensolver's workspace; the drawn rows.
        return wide + (4 + 12 + 24) * c * c + (2 * rows + 7 * Double(DiscriminantCalibration.blockRows)) * c + 2 * rows
    }
}

/// The parts of a rule while it is made, for all classes; those without rows are excluded.
private struct Parts {
    var center: [Double]
    var mean: [Double]
    var precision: [Double]
    var bias: [Double]
    var marginWeights: [Double]
    private let classes: Int

    init(classes: Int, coordinates: Int) {
        self.classes = classes
        center = [Double](repeating: 0, count: coordinates)
        mean = [Double](repeating: 0, count: classes * coordinates)
        precision = mean
        bias = [Double](repeating: -DiscriminantRule.exclusion, count: classes)
        marginWeights = [Double](repeating: 0, count: classes)
    }

    init(_ fit: borrowing DiscriminantFit, classes: Int, columns: [Int]) {
        let coordinates = fit.coordinates
        self.init(classes: classes, coordinates: coordinates)
        center = fit.center
        for (place, column) in columns.enumerated() {
            var logarithms = 0.0
            for index in 0..<coordinates {
                let variance = fit.variance(index, place)
                mean[column * coordinates + index] = fit.mean[index, place]
                precision[column * coordinates + index] = 0.5 / (variance * DiscriminantFit.temperature * DiscriminantRule.unit)
                logarithms += log(variance)
            }
            bias[column] = (fit.prior[place] - 0.5 * logarithms / DiscriminantFit.temperature) / DiscriminantRule.unit
        }
    }

    mutating func add(_ calibration: borrowing DiscriminantCalibration, columns: [Int]) {
        var center = [Double](repeating: DiscriminantRule.exclusion, count: classes)
        for (place, column) in columns.enumerated() {
            center[column] = calibration.center[place]
            bias[column] += calibration.offsets[place] / DiscriminantRule.unit
            marginWeights[column] = calibration.marginWeights[place] / DiscriminantRule.unit
        }
        self.center += center
    }
}
