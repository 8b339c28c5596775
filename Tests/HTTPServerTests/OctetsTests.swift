import Testing

@testable import HTTPServer

@Suite struct OctetsTests {
    private static let alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

    @Test(arguments: [
        (Octets.token, alphanumeric + "!#$%&'*+-.^_`|~"), (Octets.path, alphanumeric + "-._~!$&'()*+,;=:@/%"),
        (Octets.query, alphanumeric + "-._~!$&'()*+,;=:@/%?[]"), (Octets.host, alphanumeric + "-._~!$&'()*+,;=%"),
        (Octets.ipv6, "0123456789abcdefABCDEF:."),
    ]) func setsHoldWhatTheGrammarSays(set: OctetSet, members: String) {
        for octet in UInt8.min...UInt8.max {
            #expect(set.contains(octet) == members.utf8.contains(octet), "octet \(octet)")
        }
    }

    @Test func fieldValuesExcludeControlsButTab() {
        let excluded = (UInt8.min...UInt8.max).filter { !Octets.isFieldValue($0) }
        #expect(excluded == Array(0..<9) + Array(10..<32) + [127])
    }

    @Test func hexadecimalDigitsAreExactlyTwentyTwo() {
        let digits = (UInt8.min...UInt8.max).filter { Octets.hexadecimal($0) != nil }
        #expect(digits == Array("0123456789ABCDEFabcdef".utf8))
        #expect(Octets.hexadecimal(UInt8(ascii: "f")) == 15)
        #expect(Octets.hexadecimal(UInt8(ascii: "A")) == 10)
    }

    @Test func onlyLettersLoseTheirCase() {
        for octet in UInt8.min...UInt8.max {
            let expected = (65...90).contains(octet) ? octet + 32 : octet
            #expect(Octets.lowercased(octet) == expected)
        }
    }
}
