using System.CommandLine;
using System.CommandLine.Parsing;

namespace Agent.Host.Commands;

/// <summary>What is said of a wrong command line: the parser's own words name types of .NET where a number is needed.</summary>
internal static class ParseErrorText
{
    public static string Of(ParseError error)
    {
        bool isOfType = error.Message.Contains("'System.", StringComparison.Ordinal);
        return isOfType && error.SymbolResult is OptionResult { Option: var option, Tokens: var tokens } && Needed(option) is { } needed
            ? $"{option.Name} needs {needed}, not '{PlainText.Of(string.Join(' ', tokens.Select(token => token.Value)))}'"
            : error.Message;
    }

    /// <summary>No option of ours takes a negative number.</summary>
    private static string? Needed(Option option)
    {
        Type type = Nullable.GetUnderlyingType(option.ValueType) ?? option.ValueType;
        if (type == typeof(uint)) return $"a whole number from 0 to {uint.MaxValue}";
        if (type == typeof(int)) return $"a whole number from 0 to {int.MaxValue}";
        return type == typeof(double) ? "a number" : null;
    }
}
