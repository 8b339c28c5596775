/// A parsed request head: offsets into the octets it was parsed from.
///
/// An event loop uses one object for all requests in turn, so a request allocates nothing. It is valid until the next head is
/// parsed or the octets move.
final class RequestHead {
    /// A part of the head, by offset from its first octet.
    struct Span: Equatable {
        var offset: UInt32 = 0
        var count: UInt32 = 0

        init() {}

        init(_ range: Range<Int>) {
            offset = UInt32(truncatingIfNeeded: range.lowerBound)
            count = UInt32(truncatingIfNeeded: range.count)
        }
    }

    /// A header field.
    struct Field {
        var name = Span()
        var value = Span()
    }

    /// How the content is delimited (RFC 9112, section 6.3).
    enum Framing: Equatable {
        case none
        case length(Int)
        case chunked
    }

    /// The kinds of request target that are supported (RFC 9112, section 3.2).
    enum TargetForm: Equatable {
        case origin
        case absolute
        case asterisk
    }

    static let maximumFields = 128

    var base = UnsafeRawPointer(bitPattern: 1)!
    /// Octets of the head, including the empty line that ends it, but not empty lines before it.
    var count = 0
    /// Nil for a valid token that is no supported method.
    var method: Method?
    var form = TargetForm.origin
    /// In the absolute-form: the host and port of the request, which replace Host.
    var authority = Span()
    var path = Span()
    /// The query without its `?`; empty if there is none.
    var query = Span()
    /// Whether the minor version is 0, not 1.
    var isOldVersion = false
    var keepsAlive = true
    var framing = Framing.none
    var expectsContinue = false
    var expectsUnknown = false
    private(set) var fieldCount = 0
    private let fields: UnsafeMutablePointer<Field>

    init() {
        fields = .allocate(capacity: Self.maximumFields)
        fields.initialize(repeating: Field(), count: Self.maximumFields)
    }

    deinit {
        fields.deallocate()
    }

    func reset(base: UnsafeRawPointer) {
        self.base = base
        count = 0
        method = nil
        form = .origin
        authority = Span()
        path = Span()
        query = Span()
        isOldVersion = false
        keepsAlive = true
        framing = .none
        expectsContinue = false
        expectsUnknown = false
        fieldCount = 0
    }

    /// Adds a field; false if the table is full.
    func add(_ field: Field) -> Bool {
        guard fieldCount < Self.maximumFields else { return false }
        fields[fieldCount] = field
        fieldCount += 1
        return true
    }

    @inline(__always)
    func field(_ index: Int) -> Field {
        precondition(index >= 0 && index < fieldCount)
        return fields[index]
    }

    /// The octets of a span.
    @inline(__always)
    func bytes(_ span: Span) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: base + Int(span.offset), count: Int(span.count))
    }

    /// The index and value of the first field called `name`, starting at `index`.
    func firstField(_ name: StaticString, from index: Int = 0) -> (index: Int, value: UnsafeRawBufferPointer)? {
        var at = index
        while at < fieldCount {
            let field = fields[at]
            if Int(field.name.count) == name.utf8CodeUnitCount, bytes(field.name).equalsIgnoringCase(name) {
                return (at, bytes(field.value))
            }
            at += 1
        }
        return nil
    }
}
