/// What a feature may be, wherever it comes from.
public enum FeatureLimits {
    /// The largest magnitude. Sums of products of such features stay finite, however many rows there are.
    public static let largestMagnitude = 1e50
}

/// How much can be counted.
enum CountLimits {
    /// 2^53 − 1, which every reader of JSON keeps (RFC 8259, section 6).
    static let largest = (1 << 53) - 1
}

/// What the sums of as many rows as can be counted come to at most, in magnitude.
enum SumLimits {
    /// An element of a Gram matrix.
    static let gram = 1e250
    /// An element of the cross moment.
    static let crossMoment = 1e150
    /// An element of a class's second moment.
    static let secondMoment = 1e121
}
