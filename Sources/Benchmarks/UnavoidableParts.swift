import AnalyticLearning
import CommandSupport
internal import Concurrency
import LinearAlgebra

/// The operations that every refresh of balanced weights needs, each on matrices of its shape.
struct UnavoidableParts: ~Copyable {
    private let isDrawn: Bool
    private let rows: Int
    private let draws: NormalDraws
    private let projection: Matrix
    private var z: Matrix
    private var h: Matrix
    private let gram: Matrix
    private var work: Matrix
    private let right: Matrix
    private var solution: Matrix
    private var timings: [Timing]

    /// - Parameters:
    ///   - rows: the drawn or sketched rows.
    ///   - isDrawn: whether they are drawn and mapped.
    init(width: Int, inputs: Int, classes: Int, rows: Int, isDrawn: Bool) throws {
        // As many rows at once as `dgemm` and `dsyrk` need for their full rate, or all.
        let block = max(1, min(rows, 2048))
        var generator = SeededGenerator(seed: 3)
        func random(_ rows: Int, _ columns: Int) throws -> Matrix {
            var matrix = try Matrix(rows: rows, columns: columns)
            matrix.withMutableElements { elements in
                for index in elements.indices { elements[index] = Double.random(in: -1...1, using: &generator) }
            }
            return matrix
        }
        let draws = NormalDraws(seed: 1, label: try Label("class"))
        let projection = try random(width, isDrawn ? inputs : 0)
        let z = try random(inputs, isDrawn ? block : 0)
        let h = try random(width, block)
        var gram = try Matrix(rows: width, columns: width)
        gram.addLowerProduct(h)
        for index in 0..<width { gram[index, index] += Double(width) }
        let work = try gram.copied()
        let right = try random(width, classes)
        let solution = try right.copied()
        self.isDrawn = isDrawn
        self.rows = rows
        self.draws = draws
        self.projection = projection
        self.z = z
        self.h = h
        self.gram = gram
        self.work = work
        self.right = right
        self.solution = solution
        timings = (0..<5).map { _ in Timing() }
    }

    /// Draws, map, `dsyrk`, `dpotrf` and `dpotrs`, in seconds.
    var medians: [Double] { timings.enumerated().map { $0 < 2 && !isDrawn ? 0 : $1.median } }

    mutating func forget() { timings = (0..<5).map { _ in Timing() } }

    /// Runs each part once.
    mutating func run() throws {
        // The time of one block is scaled to all rows.
        let blocks = Double(rows) / Double(h.columns)
        var start = MonotonicClock.now
        func lap(_ factor: Double = 1) -> Double {
            let time = (MonotonicClock.now - start) * factor
            start = MonotonicClock.now
            return time
        }
        if isDrawn {
            draw()
            timings[0].add(lap())
            h.multiply(projection, by: z)
            timings[1].add(lap(blocks))
        }
        try work.copy(from: gram)
        _ = lap()
        work.addLowerProduct(h)
        timings[2].add(lap(blocks))
        try work.copy(from: gram)
        _ = lap()
        try work.factorCholesky()
        timings[3].add(lap())
        try solution.copy(from: right)
        _ = lap()
        solution.solveLeft(lower: work)
        solution.solveLeftTransposed(lower: work)
        timings[4].add(lap())
    }

    private mutating func draw() {
        for row in 0..<rows { z.withMutableColumn(row % z.columns) { draws.fill($0, draw: row) } }
    }
}
