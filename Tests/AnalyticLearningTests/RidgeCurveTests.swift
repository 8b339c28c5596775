import Testing

@testable import AnalyticLearning

@Suite struct RidgeCurveTests {
    /// RSS, df and V of one ridge from the rows themselves: the hat matrix S = H(HᵀH+λI)⁻¹Hᵀ, applied to each column.
    private func direct(_ h: [[Double]], _ targets: [[Double]], ridge: Double) -> (gcv: Double, degrees: Double, residual: Double) {
        let (rows, width) = (h.count, h[0].count)
        var a = [[Double]](repeating: [Double](repeating: 0, count: width), count: width)
        for row in h { for i in 0..<width { for j in 0..<width { a[i][j] += row[i] * row[j] } } }
        for i in 0..<width { a[i][i] += ridge }
        // Cholesky; Z = L⁻¹Hᵀ, so S = ZᵀZ.
        for j in 0..<width {
            for k in 0..<j { for i in j..<width { a[i][j] -= a[i][k] * a[j][k] } }
            let root = a[j][j].squareRoot()
            for i in j..<width { a[i][j] /= root }
        }
        let z = h.map { row in
            var x = row
            for i in 0..<width {
                for k in 0..<i { x[i] -= a[i][k] * x[k] }
                x[i] /= a[i][i]
            }
            return x
        }
        let degrees = z.reduce(0) { $0 + $1.reduce(0) { $0 + $1 * $1 } }
        var residual = 0.0
        for target in targets {
            var projected = [Double](repeating: 0, count: width)
            for (row, y) in zip(z, target) { for i in 0..<width { projected[i] += row[i] * y } }
            for (row, y) in zip(z, target) {
                let fitted = zip(row, projected).reduce(0) { $0 + $1.0 * $1.1 }
                residual += (y - fitted) * (y - fitted)
            }
        }
        let freedom = 1 - degrees / Double(rows)
        return (residual / Double(rows) / (freedom * freedom), degrees, residual)
    }

    private struct Data {
        var h: [[Double]] = []
        var columns: [Int] = []
        let width: Int
        let classes: Int

        init(rows: Int, width: Int, classes: Int, seed: UInt64) {
            var random = SplitMix64(state: seed)
            self.width = width
            self.classes = classes
            for row in 0..<rows {
                columns.append(row % classes)
                h.append((0..<width).map { random.normal() + ($0 % classes == row % classes ? 0.7 : 0) })
            }
        }

        var targets: [[Double]] { (0..<classes).map { label in columns.map { $0 == label ? 1 : 0 } } }

        func learn(_ rows: Range<Int>, _ classifier: Classifier) throws {
            try classifier.learn(features: rows.flatMap { h[$0] }, labels: rows.map { "\(columns[$0])" })
        }
    }

    private func check(_ curve: RidgeCurve, _ data: Data, targets: [[Double]]? = nil) {
        for point in curve.points + [curve.minimum].compactMap(\.self) {
            let expected = direct(data.h, targets ?? data.targets, ridge: point.ridge)
            #expect(abs(point.degreesOfFreedom - expected.degrees) < 1e-9 * expected.degrees)
            #expect(abs(point.residualSumOfSquares - expected.residual) < 1e-9 * Double(data.h.count))
            #expect(abs(point.generalizedCrossValidation - expected.gcv) < 1e-9 * expected.gcv, "ridge \(point.ridge)")
        }
    }

    @Test func curve_isThatOfTheHatMatrix() throws {
        let data = Data(rows: 240, width: 30, classes: 4, seed: 1)
        let classifier = try Classifier(ModelConfiguration(dimension: 30, ridge: 0.3))
        // Gathered rows, a block, and a bulk request.
        for row in 0..<7 { try data.learn(row..<(row + 1), classifier) }
        try data.learn(7..<40, classifier)
        try data.learn(40..<240, classifier)
        let curve = try #require(try classifier.ridgeCurve())
        #expect(curve.points.count == 2 * RidgeCurve.halfDecades + 1 && curve.version == classifier.version && curve.samples == 240)
        #expect(curve.points[RidgeCurve.halfDecades].ridge == 0.3 && curve.ridge == 0.3)
        #expect(curve.points.map(\.ridge) == curve.points.map(\.ridge).sorted())
        check(curve, data)
        // No ridge of a finer grid is better.
        let minimum = try #require(curve.minimum)
        for step in -60...60 {
            let other = direct(data.h, data.targets, ridge: pow10(Double(step) / 10))
            #expect(other.gcv >= minimum.generalizedCrossValidation * (1 - 1e-6))
        }
    }

    private func pow10(_ exponent: Double) -> Double {
        var (result, factor) = (1.0, exponent < 0 ? 0.1 : 10.0)
        var rest = abs(exponent)
        while rest >= 1 {
            result *= factor
            rest -= 1
        }
        // The tenth root of ten, and of a tenth.
        factor = exponent < 0 ? 0.7943282347242815 : 1.2589254117941673
        for _ in 0..<Int((rest * 10).rounded()) { result *= factor }
        return result
    }

    @Test func curve_followsUnlearningMergingAndDeletion() throws {
        var data = Data(rows: 150, width: 12, classes: 3, seed: 2)
        let classifier = try Classifier(ModelConfiguration(dimension: 12, ridge: 2))
        try data.learn(0..<150, classifier)
        let gone = 20..<33
        try classifier.unlearn(features: gone.flatMap { data.h[$0] }, labels: gone.map { "\(data.columns[$0])" })
        data.h.removeSubrange(gone)
        data.columns.removeSubrange(gone)
        check(try #require(try classifier.ridgeCurve()), data)
        // The rows of a deleted class have all-zero targets.
        try classifier.deleteClass("1")
        check(try #require(try classifier.ridgeCurve()), data, targets: [data.targets[0], data.targets[2]])
    }

    @Test func fewerRowsThanColumns_leaveOutRidgesThatFitThemAll() throws {
        let data = Data(rows: 9, width: 20, classes: 2, seed: 3)
        let classifier = try Classifier(ModelConfiguration(dimension: 20, ridge: 1e-9))
        try data.learn(0..<9, classifier)
        let curve = try #require(try classifier.ridgeCurve())
        #expect(curve.points.allSatisfy { $0.degreesOfFreedom < 9 && $0.generalizedCrossValidation.isFinite })
        #expect(curve.points.count < 2 * RidgeCurve.halfDecades + 1)
        #expect(try #require(curve.minimum).generalizedCrossValidation.isFinite)
    }

    @Test func emptyAndDegenerateModels() throws {
        let classifier = try Classifier(ModelConfiguration(dimension: 3))
        #expect(try classifier.ridgeCurve() == nil)
        // Rows of zeros say nothing about the ridge: each leaves the whole target.
        try classifier.learn(features: [0, 0, 0, 0, 0, 0], labels: ["a", "b"])
        let curve = try #require(try classifier.ridgeCurve())
        #expect(curve.points.allSatisfy { $0.degreesOfFreedom == 0 && $0.residualSumOfSquares == 2 } && curve.minimum == nil)
        // One column.
        let single = try Classifier(ModelConfiguration(dimension: 1, ridge: 1))
        try single.learn(features: [1, 2, 3, 1.5], labels: ["a", "b", "a", "b"])
        let data = try #require(try single.ridgeCurve())
        #expect(data.points.count == 2 * RidgeCurve.halfDecades + 1 && data.minimum != nil)
    }
}
