import CommandSupport
import LinearAlgebra

/// A square matrix product: the machine's best rate.
struct SquareProduct: ~Copyable {
    private let a: Matrix
    private let b: Matrix
    private var c: Matrix

    init(_ order: Int) throws {
        var generator = SeededGenerator(seed: 2)
        var a = try Matrix(rows: order, columns: order)
        a.withMutableElements { elements in
            for index in elements.indices { elements[index] = Double.random(in: -1...1, using: &generator) }
        }
        let b = try a.copied()
        let c = try Matrix(rows: order, columns: order)
        self.a = a
        self.b = b
        self.c = c
    }

    /// 2n³ operations.
    var operations: Double { 2 * Double(a.rows) * Double(a.rows) * Double(a.rows) }

    mutating func run() { BLASLibrary.current.withLibraryThreads { c.multiply(a, by: b) } }
}
