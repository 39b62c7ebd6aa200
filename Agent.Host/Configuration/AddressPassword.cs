using System.Text.RegularExpressions;

namespace Agent.Host.Configuration;

/// <summary>Hides the password that an address may carry before its host (http://user:PASSWORD@host), wherever a text shows one.</summary>
/// <remarks>
/// An address that is a whole value, or stands in the quotes of a message, ends at the last at sign: who writes a password as it is does
/// not escape it, and rather too much is hidden than its end shown. One amid other words ends with the word.
/// </remarks>
internal static partial class AddressPassword
{
    public static string Hide(string text) =>
        text.Contains('@', StringComparison.Ordinal) ? Password().Replace(text, "${before}:(hidden)@") : text;

    [GeneratedRegex(
        @"(?<before>(^|')(\w[\w+.-]*://[^:@']*|[^\s:@/']+)):(?!//).*@|(?<before>://[^\s:@/]*):\S*@",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.Singleline, 1000)]
    private static partial Regex Password();
}
