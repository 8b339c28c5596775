import Testing

@testable import HTTPServer

@Suite struct RouterTests {
    private static let handler: Handler = { _, responder in responder.send(Response(.ok)) }

    private func table(_ routes: [(Method, String)]) throws -> RouteTable {
        var router = Router()
        for (method, pattern) in routes { router.on(method, pattern, Self.handler) }
        return try RouteTable(router)
    }

    /// `404`, `405 GET, PUT`, or the parameters of the route found.
    private func find(_ table: RouteTable, _ method: Method, _ path: String) -> String {
        let segments = PathSegments(maximumPath: 1000)
        return Array(path.utf8).withUnsafeBytes { octets in
            do throws(PathSegments.Failure) { try segments.split(octets) } catch { return "\(error)" }
            switch table.match(method, segments) {
            case .none: return "404"
            case .otherMethods(let methods):
                return "405 " + Method.allCases.filter(methods.contains).map { "\($0.name)" }.joined(separator: ", ")
            case .route:
                let parameters = (0..<segments.parameterCount).map { String(decoding: segments.parameter($0), as: UTF8.self) }
                return "found \(parameters)"
            }
        }
    }

    private static let routes: [(Method, String)] = [
        (.get, "/"), (.get, "/v1/models"), (.get, "/v1/models/{m}"), (.put, "/v1/models/{m}"), (.post, "/v1/models/{m}/learn"),
        (.delete, "/v1/models/{m}/classes/{label}"), (.get, "/v1/models/all/stats"), (.options, "/own"), (.get, "/with space"),
    ]

    @Test(arguments: [
        (Method.get, "/", "found []"), (.get, "", "found []"), (.get, "/v1/models", "found []"), (.get, "/v1/models/", "404"),
        (.get, "/v1/models/iris", #"found ["iris"]"#), (.head, "/v1/models/iris", #"found ["iris"]"#), (.get, "/v1//models", "404"),
        (.post, "/v1/models/iris", "405 GET, PUT"), (.post, "/v1/models/i/learn", #"found ["i"]"#),
        (.get, "/v1/models/i/learn", "405 POST"),
        (.delete, "/v1/models/a%2Fb/classes/c%20d", #"found ["a/b", "c d"]"#), (.get, "/v1/models/all/stats", "found []"),
        // The literal leads nowhere here; the parameter does.
        (.post, "/v1/models/all/learn", #"found ["all"]"#), (.get, "/%761/models", "found []"), (.get, "/V1/models", "404"),
        (.get, "/with%20space", "found []"), (.get, "/v1/models/a%00", "encodedNull"), (.options, "/own", "found []"),
        (.get, "/own", "405 OPTIONS"), (.get, "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17", "tooManySegments"),
        (.get, "/v1/models/iris/", "404"), (.get, "/v1/models/%2E%2E", #"found [".."]"#),
    ]) func pathsAreMatched(method: Method, path: String, expected: String) throws {
        #expect(find(try table(Self.routes), method, path) == expected)
    }

    @Test func aHeadRouteOfItsOwnGoesBeforeGet() throws {
        var router = Router()
        router.on(.get, "/a", maximumBodySize: 1, Self.handler)
        router.on(.head, "/a", maximumBodySize: 2, Self.handler)
        let table = try RouteTable(router)
        let segments = PathSegments(maximumPath: 10)
        try Array("/a".utf8).withUnsafeBytes { octets in
            try segments.split(octets)
            guard case .route(let route) = table.match(.head, segments) else { return #expect(Bool(false)) }
            #expect(route.maximumBodySize == 2)
        }
    }

    @Test(arguments: [("/a/{x}", "/a/{y}"), ("/a", "/a"), ("/{x}/b", "/{longer}/b")])
    func ambiguousRoutesAreRefused(first: String, second: String) {
        #expect(throws: ServerError.ambiguousRoute("GET \(second)")) { try table([(.get, first), (.get, second)]) }
        #expect(throws: Never.self) { try table([(.get, first), (.put, second)]) }
    }

    @Test(arguments: ["", "a", "/a{x}", "/{x", "/a//b", "/{}"]) func malformedPatternsAreRefused(pattern: String) {
        #expect { try table([(.get, pattern)]) } throws: { error in
            if case .invalidRoute? = error as? ServerError { true } else { false }
        }
    }

    @Test func serversRefuseAmbiguousRoutes() {
        var router = Router()
        router.on(.get, "/a", Self.handler)
        router.stream(.get, "/a") { _, responder in
            responder.send(Response(.ok))
            return nil
        }
        #expect(throws: ServerError.ambiguousRoute("GET /a")) { try Server(configuration: ServerConfiguration(), router: router) }
    }

    @Test func routesAreListedInTheirOrder() {
        var router = Router()
        router.on(.get, "/a", Self.handler)
        router.stream(.post, "/b/{x}") { _, _ in nil }
        #expect(router.routes.map { "\($0.0.name) \($0.1)" } == ["GET /a", "POST /b/{x}"])
    }
}
