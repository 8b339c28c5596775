import Foundation
import Testing

@testable import HTTPServer

@Suite struct FormatTests {
    @Test func datesAreThoseOfTheCalendar() {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(identifier: "GMT")
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        var random = SplitMix(state: 7)
        let fixed = [0, 784_111_777, 951_782_400, 951_868_799, 4_107_542_400, 68_169_600]
        for seconds in fixed + (0..<200).map({ _ in Int(random.next() % 8_000_000_000) }) {
            var buffer = ByteBuffer()
            DateField.append(seconds, to: &buffer)
            let text = String(decoding: buffer.bytes, as: UTF8.self)
            #expect(text == formatter.string(from: Date(timeIntervalSince1970: Double(seconds))))
        }
    }

    @Test func problemsAreJSONWhateverTheDetail() throws {
        let detail = "a \"b\" \\ \n\u{1} é 🦆 /"
        guard case .bytes(let bytes) = Response.problem(.notFound, detail: detail).body else { return #expect(Bool(false)) }
        let json = try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
        #expect(json["detail"] as? String == detail)
        #expect(json["status"] as? Int == 404)
        #expect(json["title"] as? String == "Not Found")
        #expect(json["type"] as? String == "about:blank")
    }

    @Test func valuesCannotEndTheirField() {
        var writer = ResponseWriter(serverName: "test")
        writer.setTime(0)
        var buffer = ByteBuffer()
        writer.write(
            .ok, contentType: nil, headers: [HeaderField("Location", "a\r\nX-Injected: yes\0")], allow: nil, length: .known(0),
            persistence: .close, into: &buffer)
        let text = String(decoding: buffer.bytes, as: UTF8.self)
        #expect(
            text == "HTTP/1.1 200 OK\r\nServer: test\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nContent-Length: 0\r\nConnection: close\r\n"
                + "Location: a  X-Injected: yes \r\n\r\n")
    }

    @Test func allowNamesWhatTheServerAdds() {
        let writer = ResponseWriter(serverName: "")
        var buffer = ByteBuffer()
        writer.write(
            .methodNotAllowed, contentType: nil, headers: [], allow: [MethodSet(.get), MethodSet(.delete)], length: .unsaid,
            persistence: .unsaid, into: &buffer)
        #expect(String(decoding: buffer.bytes, as: UTF8.self).contains("\r\nAllow: GET, HEAD, DELETE, OPTIONS\r\n"))
    }

    @Test func percentDecodingKeepsPlus() {
        func decode(_ text: String) -> String? { Array(text.utf8).withUnsafeBytes { PercentDecoding.string($0) } }
        #expect(decode("a+b%20c%2f") == "a+b c/")
        #expect(decode("%C3%A9") == "é")
        #expect(decode("%ff") == nil)
        #expect(decode("") == "")
        #expect(Array("%61".utf8).withUnsafeBytes { PercentDecoding.equals($0, "a") })
        #expect(!Array("a".utf8).withUnsafeBytes { PercentDecoding.equals($0, "ab") })
    }

    @Test func addressesAreWrittenAsInURLs() {
        #expect(SocketAddress(host: "127.0.0.1", port: 80).description == "127.0.0.1:80")
        #expect(SocketAddress(host: "::1", port: 8080).description == "[::1]:8080")
    }
}
