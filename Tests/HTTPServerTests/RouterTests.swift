import Testing

@testable import HTTPServer

@Suite struct RouterTests {
    @Test func routesAreListedInTheirOrder() {
        var router = Router()
        router.on(.get, "/a") { _, responder in responder.send(Response(.ok)) }
        router.on(.post, "/b/{x}") { _, responder in responder.send(Response(.ok)) }
        #expect(router.routes.map(\.1) == ["/a", "/b/{x}"])
    }
}
