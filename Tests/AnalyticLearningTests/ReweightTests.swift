import Glibc
import LinearAlgebra
import Testing

@testable import AnalyticLearning

@Suite struct ReweightTests {
    @Test func airDigits_withWholeClassMatrices() throws {
        let stream = try LongTail()
        // AIR scales its weights to Σ w_c = C; ours, scaled to Σ w_c n_c = n, are equivalent at this ridge (the page Imbalance).
        let counts = try Vectors("aefocl_digits").integers("count").map(Double.init)
        let ridge = 0.1 * (counts.reduce(0, +) / 10) / (10 / counts.reduce(0) { $0 + 1 / $1 })
        #expect(abs(ridge - 0.3488) < 1e-4)
        let classifier = try stream.classifier(.reweight(power: 1), rank: .exact, ridge: ridge)
        #expect(try classifier.rebalance())
        let expected = try Vectors("air_digits").doubles("weight")
        let weights = try #require(classifier.balanced).withWeights { weights in
            (0..<256).flatMap { row in LongTail.labels.map { weights[row, classifier.registry.column(of: $0)!] } }
        }
        #expect(relativeDifference(weights, expected) < 1e-8)
        let accuracies = try #require(classifier.balanced).withWeights { try! stream.accuracies($0, classifier, stream.mappedTest()) }
        #expect(abs(accuracies.balanced - 0.8941649188246755) < 1e-12)
    }

    @Test func aSketchOfAtLeastTheClassesRows_givesTheWeightsOfWholeMatrices() throws {
        let stream = try LongTail()
        let exact = try stream.classifier(.reweight(power: 0.5), rank: .exact)
        let sketched = try stream.classifier(.reweight(power: 0.5), rank: .rows(130))
        try exact.rebalance()
        try sketched.rebalance()
        #expect(relativeDifference(sketched.balancedElements, exact.balancedElements) < 1e-9)
    }

    @Test func classWeights_sumToTheRows() {
        for power in [0, 0.5, 1, 0.3, 2.5, 4] {
            let counts = [129, 0, 94, 3, 1, 1_000_000_000_000]
            let weights = ClassWeights(counts: counts, power: power)
            let sum = zip(counts, weights.values).reduce(0) { $0 + Double($1.0) * $1.1 }
            #expect(abs(sum / 1_000_000_000_227 - 1) < 1e-12)
            #expect(weights.values[1] == 0 && weights.smallest == weights.values[5])
            let ratio = weights.values[3] / weights.values[0]
            #expect(abs(ratio - pow(43, power)) < 1e-12 * ratio)
        }
    }

    // MARK: Frequent directions

    private func sketch(_ rows: [[Double]], rank: Int, rotatingEvery batch: Int = .max) throws -> FrequentDirections {
        var workspace = try SketchWorkspace(width: rows[0].count, rank: rank)
        var sketch = try FrequentDirections(width: rows[0].count, rank: rank)
        for (index, row) in rows.enumerated() {
            row.withUnsafeBufferPointer { sketch.insert($0, workspace: &workspace) }
            if (index + 1) % batch == 0 { try sketch.rotate(workspace: &workspace) }
        }
        return sketch
    }

    /// AᵀA row-major.
    private func gram(_ rows: [[Double]], _ width: Int) -> [Double] {
        var sum = [Double](repeating: 0, count: width * width)
        for row in rows { for i in 0..<width { for j in 0..<width { sum[i * width + j] += row[i] * row[j] } } }
        return sum
    }

    private func gram(_ sketch: FrequentDirections, _ width: Int) -> [Double] {
        let elements = elements(of: sketch)
        return gram(stride(from: 0, to: elements.count, by: width).map { Array(elements[$0..<($0 + width)]) }, width)
    }

    private func elements(of sketch: FrequentDirections) -> [Double] {
        sketch.withRows { Array($0) }
    }

    private func eigenvalues(_ matrix: [Double], _ width: Int) throws -> [Double] {
        var vectors = try Matrix(rows: width, columns: width)
        matrix.withUnsafeBufferPointer { vectors.setRowMajor($0) }
        var solver = try SymmetricEigensolver(largestOrder: width)
        try solver.decompose(&vectors)
        return solver.values
    }

    private func stream(_ kind: Int, rows: Int, width: Int, _ generator: inout SplitMix64) -> [[Double]] {
        let directions = (0..<4).map { _ in (0..<width).map { _ in generator.normal() } }
        return (0..<rows).map { _ in
            switch kind {
            case 0: return (0..<width).map { _ in generator.normal() }
            case 1:
                let weights = directions.indices.map { 10 / Double(1 << (3 * $0)) * generator.normal() }
                return (0..<width).map { i in zip(weights, directions).reduce(0.01 * generator.normal()) { $0 + $1.0 * $1.1[i] } }
            default: return (0..<width).map { i in 100 + (i == 3 ? generator.normal() : 0) }
            }
        }
    }

    @Test(arguments: [1, 2, 5, 16]) func sketch_keepsItsBound(rank: Int) throws {
        var generator = SplitMix64(state: UInt64(rank))
        let width = 24
        for kind in 0..<3 {
            let rows = stream(kind, rows: 150, width: width, &generator)
            let sketch = try sketch(rows, rank: rank)
            let whole = gram(rows, width)
            let lost = try eigenvalues(zip(whole, gram(sketch, width)).map(-), width)
            let spectrum = Array(try eigenvalues(whole, width).reversed())
            let rounding = 1e-12 * spectrum[0]
            #expect(lost[0] >= -rounding, "BᵀB is never more than the Gram matrix")
            #expect(lost[width - 1] <= sketch.shrunk + rounding)
            for k in 0...rank {
                let tail = spectrum[k...].reduce(0) { $0 + max($1, 0) }
                #expect(sketch.shrunk <= tail / Double(rank + 1 - k) + rounding, "Liberty's bound for k = \(k)")
            }
            #expect(sketch.rows < 2 * rank)
        }
    }

    @Test func sketch_isExactWhileRowsAreFew_andNeverHoldsThemAsTheyCame() throws {
        var generator = SplitMix64(state: 77)
        for count in 1...31 {
            let rows = stream(0, rows: count, width: 40, &generator)
            let sketch = try sketch(rows, rank: 16, rotatingEvery: count)
            #expect(sketch.shrunk == 0 && sketch.rows == count)
            #expect(relativeDifference(gram(sketch, 40), gram(rows, 40)) < 1e-13)
            guard count > 1 else { continue }
            let held = elements(of: sketch)
            for start in stride(from: 0, to: held.count, by: 40) {
                let vector = Array(held[start..<(start + 40)])
                for row in rows { #expect(relativeDifference(vector, row) > 1e-3 && relativeDifference(vector.map(-), row) > 1e-3) }
            }
        }
    }

    @Test func sketch_doesNotDependOnBatches() throws {
        var generator = SplitMix64(state: 78)
        for kind in 0..<3 {
            let rows = stream(kind, rows: 300, width: 30, &generator)
            let whole = try sketch(rows, rank: 6)
            for batch in [1, 2, 5, 7, 11, 12, 100] {
                let other = try sketch(rows, rank: 6, rotatingEvery: batch)
                #expect(other.rows == whole.rows)
                #expect(relativeDifference(gram(other, 30), gram(whole, 30)) < 1e-9)
                #expect(abs(other.shrunk - whole.shrunk) <= 1e-9 * max(whole.shrunk, 1))
            }
        }
    }

    @Test func sharedSketches_areCopiedBeforeTheyAreWrittenTo() throws {
        var generator = SplitMix64(state: 79)
        let rows = stream(0, rows: 9, width: 10, &generator)
        var workspace = try SketchWorkspace(width: 10, rank: 3)
        var sketch = try sketch(rows, rank: 3)
        let shared = sketch
        let before = gram(shared, 10)
        try sketch.makeWritable()
        rows[0].withUnsafeBufferPointer { for _ in 0..<20 { sketch.insert($0, workspace: &workspace) } }
        #expect(gram(shared, 10) == before)
        #expect(gram(sketch, 10) != before)
    }
}
