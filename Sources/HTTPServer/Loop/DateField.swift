/// The date format of HTTP (IMF-fixdate, RFC 9110, section 5.6.7).
enum DateField {
    /// Appends a time such as `Sun, 06 Nov 1994 08:49:37 GMT`.
    ///
    /// - Parameter seconds: Since 1970. The calendar date is computed in years that begin in March.
    static func append(_ seconds: Int, to output: inout ByteBuffer) {
        let time = max(0, seconds)
        let days = time / 86400
        let rest = time % 86400
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        append("ThuFriSatSunMonTueWed", index: days % 7, to: &output)
        output.append(", ")
        appendTwoDigits(day, to: &output)
        output.append(" ")
        append("JanFebMarAprMayJunJulAugSepOctNovDec", index: month - 1, to: &output)
        output.append(" ")
        output.append(decimal: year)
        output.append(" ")
        appendTwoDigits(rest / 3600, to: &output)
        output.append(":")
        appendTwoDigits(rest / 60 % 60, to: &output)
        output.append(":")
        appendTwoDigits(rest % 60, to: &output)
        output.append(" GMT")
    }

    private static func append(_ names: StaticString, index: Int, to output: inout ByteBuffer) {
        output.append(UnsafeRawBufferPointer(start: names.utf8Start + 3 * index, count: 3))
    }

    private static func appendTwoDigits(_ value: Int, to output: inout ByteBuffer) {
        if value < 10 { output.append("0") }
        output.append(decimal: value)
    }
}
