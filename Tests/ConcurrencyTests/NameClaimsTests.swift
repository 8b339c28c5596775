import Concurrency
import Foundation
import Testing

@Suite struct NameClaimsTests {
    @Test func places_areServedInOrder_whateverTheirThreadsDoFirst() {
        let claims = NameClaims()
        let places = (0..<50).map { _ in claims.claim("m") }
        #expect(places[0].isFirst && !places[1].isFirst)
        let order = Guarded<[Int]>([])
        let ended = DispatchGroup()
        // The last one waits first; each continues on the previous one's thread or its own.
        for index in places.indices.reversed() {
            let place = places[index]
            ended.enter()
            place.whenFirst {
                order.withLock { $0.append(index) }
                Thread.detachNewThread {
                    place.release()
                    ended.leave()
                }
            }
        }
        ended.wait()
        #expect(order.withLock { $0 } == Array(0..<50))
        #expect(claims.claim("m").isFirst)
    }

    @Test func place_goesWithItsLastReference_alsoBeforeItsTurn() {
        let claims = NameClaims()
        var first: NameClaim? = claims.claim("m")
        var second: NameClaim? = claims.claim("m")
        let third = claims.claim("m")
        #expect(claims.claim("n").isFirst)
        second = nil
        #expect(!third.isFirst)
        first = nil
        #expect(third.isFirst && first == nil && second == nil)
        third.release()
        third.release()
        #expect(claims.claim("m").isFirst)
    }
}
