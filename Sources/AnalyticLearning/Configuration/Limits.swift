/// The limits of features from any source.
public enum FeatureLimits {
    /// The largest magnitude. Sums of products of such features stay finite for any number of rows.
    public static let largestMagnitude = 1e50
}

/// The limit of counts.
enum CountLimits {
    /// 2^53 − 1, which every JSON reader keeps exactly (RFC 8259, section 6).
    static let largest = (1 << 53) - 1
}

/// The largest magnitudes that the sums of `CountLimits.largest` rows can reach.
enum SumLimits {
    /// An element of a Gram matrix.
    static let gram = 1e250
    /// An element of the cross moment.
    static let crossMoment = 1e150
    /// An element of a class's second moment.
    static let secondMoment = 1e121
}
