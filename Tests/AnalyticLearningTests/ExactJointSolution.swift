import LinearAlgebra

/// One joint ridge regression in about twice the precision of Float64: the yardstick of long streams, whose own rounding must not show.
///
/// It shares no sums with the engine: it takes large blocks, keeps G and Q as unevaluated sums of two numbers, and refines its solution
/// with residuals of the same precision.
struct ExactJointSolution: ~Copyable {
    private let width: Int
    private let classes: Int
    private var product: Matrix
    private var gram: [Pair]
    private var crossMoment: [Pair]

    /// high + low (Dekker 1971).
    private struct Pair {
        var high = 0.0
        var low = 0.0

        mutating func add(_ a: Double) {
            let sum = high + a
            let virtual = sum - high
            low += (high - (sum - virtual)) + (a - virtual)
            high = sum
        }

        mutating func add(_ a: Double, times b: Double) {
            let product = a * b
            add(product)
            low += (-product).addingProduct(a, b)
        }
    }

    init(width: Int, classes: Int) throws {
        self.width = width
        self.classes = classes
        product = try Matrix(rows: width, columns: width)
        gram = [Pair](repeating: Pair(), count: width * width)
        crossMoment = [Pair](repeating: Pair(), count: width * classes)
    }

    /// Adds rows h [D×n] of these classes.
    mutating func add(_ h: borrowing Matrix, columns: [Int]) {
        product.fill(0)
        product.addLowerProduct(h)
        let (width, order) = (width, 0..<width)
        product.withElements { values in
            gram.withUnsafeMutableBufferPointer { sums in
                for column in order {
                    var index = column * width + column
                    while index < (column + 1) * width {
                        sums[index].add(values[index])
                        index += 1
                    }
                }
            }
        }
        h.withElements { values in
            crossMoment.withUnsafeMutableBufferPointer { sums in
                for (row, column) in columns.enumerated() {
                    var index = 0
                    while index < width {
                        sums[column * width + index].add(values[row * width + index])
                        index += 1
                    }
                }
            }
        }
    }

    /// W [D×C].
    func weights(ridge: Double) throws -> Matrix {
        var pair = try SymmetricPair(dimension: width)
        pair.setGram { row, column in gram[column * width + row].high + gram[column * width + row].low }
        var weights = try Matrix(rows: width, columns: classes)
        weights.withMutableElements { elements in
            for index in elements.indices { elements[index] = crossMoment[index].high + crossMoment[index].low }
        }
        try pair.solve(ridge: ridge, weights: &weights)
        // Each step multiplies the error by the condition number times rounding.
        for _ in 0..<3 {
            let residual = try residual(of: weights, ridge: ridge)
            var correction = try Matrix(rows: width, columns: classes)
            try pair.multiplyInverse(residual, into: &correction)
            weights.add(correction)
        }
        return weights
    }

    /// The trace of G + λI times that of its inverse: between the condition number and D² times it.
    func condition(ridge: Double) throws -> Double {
        var pair = try SymmetricPair(dimension: width)
        pair.setGram { row, column in gram[column * width + row].high + gram[column * width + row].low }
        var none = try Matrix(rows: width, columns: 0)
        do { try pair.solve(ridge: ridge, weights: &none) } catch LinearAlgebraError.notPositiveDefinite { return .infinity }
        let trace = (0..<width).reduce(0) { $0 + pair.gramElement($1, $1) + ridge }
        return trace * (0..<width).reduce(0) { $0 + abs(pair.inverseElement($1, $1)) }
    }

    private func residual(of weights: borrowing Matrix, ridge: Double) throws -> Matrix {
        var residual = try Matrix(rows: width, columns: classes)
        let width = width
        for column in 0..<classes {
            weights.withColumn(column) { w in
                gram.withUnsafeBufferPointer { gram in
                    for row in 0..<width {
                        var sum = crossMoment[column * width + row]
                        sum.add(-ridge, times: w[row])
                        var k = 0
                        while k < width {
                            let element = gram[k < row ? k * width + row : row * width + k]
                            sum.add(-element.high, times: w[k])
                            sum.low -= element.low * w[k]
                            k += 1
                        }
                        residual[row, column] = sum.high + sum.low
                    }
                }
            }
        }
        return residual
    }
}
