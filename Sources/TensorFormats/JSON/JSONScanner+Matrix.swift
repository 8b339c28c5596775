extension JSONScanner {
    /// Reads a matrix, an array of rows of numbers, directly into an array of scalars, and returns the number of rows.
    ///
    /// Rounds every number once, from its decimal digits to `Scalar`.
    ///
    /// - Parameters:
    ///   - field: The name of the matrix in messages.
    ///   - columns: The number of values in every row.
    ///   - values: Receives the values, row by row. It is unchanged after an error.
    ///   - maximumRows: The most rows allowed.
    ///   - maximumMagnitude: The largest magnitude allowed.
    /// - Throws: `JSONError` naming row and column. `.magnitude` for a magnitude past the limit; `.outOfFloatRange` for one within it that
    ///   a `Float` cannot hold, so that the caller may read the text again as `Double`.
    /// - Complexity: Linear in the length of the text. Memory grows with the actual rows, never with `columns` or `maximumRows` alone.
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    public mutating func readMatrix<Scalar: FeatureScalar>(
        field: StaticString, columns: Int, into values: inout [Scalar], maximumRows: Int,
        maximumMagnitude: Double = .greatestFiniteMagnitude
    ) throws(JSONError) -> Int {
        let before = values.count
        var rows = 0
        do throws(JSONError) {
            try beginArray(field: field)
            while try nextElement() {
                guard rows < maximumRows else {
                    throw JSONError(.tooMany(limit: maximumRows), at: position, place: Self.place(field))
                }
                let start = position
                try appendRow(field, rows, columns, to: &values, maximumMagnitude)
                rows &+= 1
                if rows == 1 {
                    // Rows of one matrix have similar lengths: one reservation instead of repeated growth. A row of n values takes more
                    // than 2n bytes, so this is at most a few times the remaining text.
                    let expected = min((end &- position) / max(position &- start, 1), maximumRows)
                    let (count, overflow) = expected.multipliedReportingOverflow(by: columns)
                    if !overflow { values.reserveAppending(count) }
                }
            }
        } catch {
            values.removeLast(values.count - before)
            throw error
        }
        return rows
    }

    /// Reads one row of numbers, `[…]`, and appends it to `values`; otherwise like `readMatrix`.
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    public mutating func readRow<Scalar: FeatureScalar>(
        field: StaticString, row: Int? = nil, columns: Int, into values: inout [Scalar],
        maximumMagnitude: Double = .greatestFiniteMagnitude
    ) throws(JSONError) {
        let before = values.count
        do throws(JSONError) {
            try appendRow(field, row, columns, to: &values, maximumMagnitude)
        } catch {
            values.removeLast(values.count - before)
            throw error
        }
    }

    /// Reads a matrix of known size, nested as rows or flattened into one array, as the Open Inference Protocol allows.
    ///
    /// - Throws: `JSONError`, as for `readMatrix`; also for fewer than `rows` rows.
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Double)
    public mutating func readTensor<Scalar: FeatureScalar>(
        field: StaticString, rows: Int, columns: Int, into values: inout [Scalar],
        maximumMagnitude: Double = .greatestFiniteMagnitude
    ) throws(JSONError) {
        var lookahead = self
        try lookahead.beginArray(field: field)
        lookahead.skipWhitespace()
        let start = position
        if lookahead.position < end, byte(at: lookahead.position) == UInt8(ascii: "[") {
            let before = values.count
            let found = try readMatrix(
                field: field, columns: columns, into: &values, maximumRows: rows, maximumMagnitude: maximumMagnitude)
            guard found == rows else {
                values.removeLast(values.count - before)
                throw JSONError(.wrongCount(found, expected: rows), at: start, place: Self.place(field))
            }
        } else {
            let (count, overflow) = rows.multipliedReportingOverflow(by: columns)
            try readRow(field: field, columns: overflow ? .max : count, into: &values, maximumMagnitude: maximumMagnitude)
        }
    }

    /// Appends a row; after an error, `values` may have grown.
    @inline(__always)
    private mutating func appendRow<Scalar: FeatureScalar>(
        _ field: StaticString, _ row: Int?, _ columns: Int, to values: inout [Scalar], _ limit: Double
    ) throws(JSONError) {
        // A value and its comma take at least a byte each: more values cannot follow, whatever `columns` is.
        let room = min(columns, (end &- position) / 2 &+ 1)
        let start = values.count
        values.append(contentsOf: repeatElement(0, count: room))
        try values.withUnsafeMutableBufferPointer { (buffer) throws(JSONError) in
            try fillRow(field, row, columns, UnsafeMutableBufferPointer(rebasing: buffer[start...]), limit)
        }
    }

    /// Reads a row into `destination`, which has room for all of the `columns` values that the text can still hold.
    @inline(__always)
    private mutating func fillRow<Scalar: FeatureScalar>(
        _ field: StaticString, _ row: Int?, _ columns: Int, _ destination: UnsafeMutableBufferPointer<Scalar>, _ limit: Double
    ) throws(JSONError) {
        let rowStart = position
        if try !openRow(field, row) {
            if columns == 0 { return }
            throw JSONError(.wrongCount(0, expected: columns), at: rowStart, place: Self.place(field, row, nil))
        }
        // All in local variables: through `self`, each step would wait for a round trip to memory.
        let (base, end, powers) = (base, end, PowersOfFive.shared)
        var place = position
        var column = 0
        while true {
            let offset = place
            guard offset < end, isNumberStart(byte(at: offset)) else {
                position = place
                throw notANumber(field, row, column)
            }
            let value: Scalar
            if let number = DecimalNumber.scanFraction(base, &place, end) {
                value = number.value(as: Scalar.self, base, powers)
            } else {
                position = place
                value = try readOther(field, row, column)
                place = position
            }
            // False for infinity too.
            if column < destination.count {
                guard Double(value.magnitude) <= limit, value.isFinite else {
                    position = offset
                    throw tooLarge(Scalar.self, limit, Self.place(field, row, column))
                }
                destination[column] = value
            }
            column &+= 1
            if place < end, byte(at: place) == UInt8(ascii: ",") {
                place &+= 1
                // Most writers put one blank here, or none: further white space is skipped only then.
                if place < end, byte(at: place) <= 0x20 {
                    position = place
                    skipWhitespace()
                    place = position
                }
                continue
            }
            position = place
            skipWhitespace()
            guard position < end else {
                throw JSONError(.unexpectedEnd(expected: "',' or ']'"), at: position, place: Self.place(field, row, column &- 1))
            }
            let separator = byte(at: position)
            if separator == UInt8(ascii: "]") {
                position &+= 1
                break
            }
            guard separator == UInt8(ascii: ",") else {
                throw unexpected("',' or ']'", place: Self.place(field, row, column &- 1))
            }
            position &+= 1
            skipWhitespace()
            place = position
        }
        if column != columns {
            throw JSONError(.wrongCount(column, expected: columns), at: rowStart, place: Self.place(field, row, nil))
        }
    }

    /// Reads the `[` of a row and returns whether a value follows; if not, the row has ended.
    private mutating func openRow(_ field: StaticString, _ row: Int?) throws(JSONError) -> Bool {
        let kind: JSONKind
        do { kind = try peekKind() } catch { throw JSONError(error.kind, at: error.offset, place: Self.place(field, row, nil)) }
        guard kind == .array else {
            throw JSONError(.wrongKind(kind, expected: "an array of numbers"), at: position, place: Self.place(field, row, nil))
        }
        position &+= 1
        skipWhitespace()
        if position < end, byte(at: position) == UInt8(ascii: "]") {
            position &+= 1
            return false
        }
        return true
    }

    @inline(__always)
    private func isNumberStart(_ byte: UInt8) -> Bool {
        byte &- UInt8(ascii: "0") <= 9 || byte == UInt8(ascii: "-")
    }

    /// The error for a row's value that is not a number.
    @inline(never)
    private mutating func notANumber(_ field: StaticString, _ row: Int?, _ column: Int) -> JSONError {
        let place = Self.place(field, row, column)
        do {
            let kind = try peekKind()
            return JSONError(.wrongKind(kind, expected: "a number"), at: position, place: place)
        } catch {
            return unexpected("a number", place: place)
        }
    }

    /// Reads a number of a less common form.
    @inline(never)
    private mutating func readOther<Scalar: FeatureScalar>(_ field: StaticString, _ row: Int?, _ column: Int) throws(JSONError) -> Scalar {
        try scanNumber { Self.place(field, row, column) }.value(as: Scalar.self, base)
    }

    /// The error for a value that exceeds the limit or the type, with the scanner at it.
    @inline(never)
    private mutating func tooLarge<Scalar: FeatureScalar>(
        _ type: Scalar.Type, _ limit: Double, _ place: JSONError.Place?
    ) -> JSONError {
        let offset = position
        guard let number = try? DecimalNumber.scan(base, &position, end) else { return unexpected("a number", place: place) }
        let value = number.value(as: Double.self, base).magnitude
        let kind: JSONError.Kind =
            value <= limit && value.isFinite ? .outOfFloatRange(token(from: offset)) : .magnitude(token(from: offset), limit: limit)
        return JSONError(kind, at: offset, place: place)
    }

    private static func place(_ field: StaticString, _ row: Int?, _ column: Int?) -> JSONError.Place {
        JSONError.Place(field: field.description, row: row, column: column)
    }
}
