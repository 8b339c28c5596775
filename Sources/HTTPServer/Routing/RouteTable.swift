/// The router's patterns as a trie of segments.
struct RouteTable: Sendable {
    private struct Literal: Sendable {
        let text: [UInt8]
        let node: Int
    }

    private struct Node: Sendable {
        var literals: [Literal] = []
        var parameter: Int?
        var methods: MethodSet = []
        var routes: [Route?] = []
    }

    /// The result of a lookup.
    enum Match {
        case route(Route)
        /// The path exists, but not with this method.
        case otherMethods(MethodSet)
        case none
    }

    private var nodes = [Node()]
    /// All routes by index.
    let routes: [(method: Method, pattern: String)]

    /// Compiles the routes.
    ///
    /// - Throws: `ServerError.ambiguousRoute` and `.invalidRoute`.
    init(_ router: Router) throws(ServerError) {
        routes = router.routes
        for registration in router.registrations { try insert(registration) }
    }

    /// The pattern of the route that a slot of `RequestCounters` belongs to; nil if the slot has no route.
    func pattern(ofSlot slot: Int) -> String? {
        slot >= 0 && slot < 2 * routes.count ? routes[slot / 2].pattern : nil
    }

    /// All methods with a route; the answer to `OPTIONS *`.
    var allMethods: MethodSet {
        nodes.reduce(into: []) { $0.formUnion($1.methods) }
    }

    private mutating func insert(_ registration: Router.Registration) throws(ServerError) {
        let name = "\(registration.method.name) \(registration.pattern)"
        var node = 0
        for segment in try Self.split(registration.pattern, name: name) {
            node = child(of: node, segment)
        }
        let method = registration.method
        guard !nodes[node].methods.contains(method) else { throw .ambiguousRoute(name) }
        if nodes[node].routes.isEmpty { nodes[node].routes = Array(repeating: nil, count: Method.allCases.count) }
        nodes[node].routes[Int(method.rawValue)] = registration.route
        nodes[node].methods.formUnion(MethodSet(method))
    }

    /// The pattern's segments: a literal's octets, or nil for a parameter.
    private static func split(_ pattern: String, name: String) throws(ServerError) -> [[UInt8]?] {
        guard pattern.utf8.first == UInt8(ascii: "/") else { throw .invalidRoute(name, reason: "it must begin with /") }
        let parts = pattern.utf8.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count <= PathSegments.maximumCount else { throw .invalidRoute(name, reason: "it has too many segments") }
        var segments: [[UInt8]?] = []
        for (index, part) in parts.enumerated() {
            let octets = Array(part)
            if octets.first == UInt8(ascii: "{"), octets.last == UInt8(ascii: "}"), octets.count > 2 {
                segments.append(nil)
            } else if octets.contains(UInt8(ascii: "{")) || octets.contains(UInt8(ascii: "}")) {
                throw .invalidRoute(name, reason: "a parameter must be a whole segment, such as {name}")
            } else if octets.isEmpty, index < parts.count - 1 {
                throw .invalidRoute(name, reason: "a segment is empty")
            } else {
                segments.append(octets)
            }
        }
        return segments
    }

    private mutating func child(of node: Int, _ segment: [UInt8]?) -> Int {
        if let text = segment {
            if let known = nodes[node].literals.first(where: { $0.text == text }) { return known.node }
            nodes.append(Node())
            nodes[node].literals.append(Literal(text: text, node: nodes.count - 1))
        } else {
            if let known = nodes[node].parameter { return known }
            nodes.append(Node())
            nodes[node].parameter = nodes.count - 1
        }
        return nodes.count - 1
    }

    /// Finds the route for a method and a split path, and marks the segments that are parameters.
    ///
    /// - Complexity: O(literals along the path); if a literal and a parameter both match, both branches are tried, which the
    ///   table's size bounds.
    func match(_ method: Method, _ path: PathSegments) -> Match {
        var others: MethodSet = []
        path.clearParameters()
        if let route = walk(0, 0, method, path, &others) { return .route(route) }
        return others.isEmpty ? .none : .otherMethods(others)
    }

    private func walk(_ node: Int, _ depth: Int, _ method: Method, _ path: PathSegments, _ others: inout MethodSet) -> Route? {
        guard depth < path.count else {
            let methods = nodes[node].methods
            others.formUnion(methods)
            if methods.contains(method) { return nodes[node].routes[Int(method.rawValue)] }
            if method == .head, methods.contains(.get) { return nodes[node].routes[Int(Method.get.rawValue)] }
            return nil
        }
        let segment = path[depth]
        for index in nodes[node].literals.indices {
            guard nodes[node].literals[index].text.count == segment.count, Self.equal(nodes[node].literals[index].text, segment) else {
                continue
            }
            if let route = walk(nodes[node].literals[index].node, depth + 1, method, path, &others) { return route }
            break
        }
        guard let parameter = nodes[node].parameter, !segment.isEmpty else { return nil }
        path.pushParameter(depth)
        if let route = walk(parameter, depth + 1, method, path, &others) { return route }
        path.popParameter()
        return nil
    }

    private static func equal(_ text: [UInt8], _ segment: UnsafeRawBufferPointer) -> Bool {
        for index in text.indices where text[index] != segment[index] { return false }
        return true
    }
}
