/// A media type that a route can answer with.
public struct MediaType: Sendable {
    /// A parameter of the type.
    public struct Parameter: Sendable {
        let name: StaticString
        let values: [StaticString]

        /// Makes a parameter.
        ///
        /// - Parameters:
        ///   - name: A token.
        ///   - values: The values with which a client may ask for the type; if empty, any.
        public init(_ name: StaticString, _ values: StaticString...) {
            self.name = name
            self.values = values
        }
    }

    let type: StaticString
    let subtype: StaticString
    let parameters: [Parameter]

    /// Creates a type, for example from `text` and `plain`.
    public init(_ type: StaticString, _ subtype: StaticString, _ parameters: Parameter...) {
        self.type = type
        self.subtype = subtype
        self.parameters = parameters
    }

    /// How closely a range matches the type; nil if it does not. A range with parameters matches only a type that has them all.
    func specificity(in range: MediaRange) -> Int? {
        if range.type.equals("*") { return range.parameterCount == 0 ? 0 : nil }
        guard range.type.equalsIgnoringCase(type) else { return nil }
        if range.subtype.equals("*") { return range.parameterCount == 0 ? 1 : nil }
        guard range.subtype.equalsIgnoringCase(subtype) else { return nil }
        var scanner = ParameterScanner(range.parameters)
        while let parameter = scanner.next() {
            guard has(parameter) else { return nil }
        }
        return 2 + range.parameterCount
    }

    private func has(_ parameter: ParameterScanner.Parameter) -> Bool {
        parameters.contains { own in
            parameter.name.equalsIgnoringCase(own.name) && (own.values.isEmpty || own.values.contains { parameter.valueIs($0) })
        }
    }
}
