using System.CommandLine.Parsing;

namespace Agent.Host.Commands;

/// <summary>What is said of a wrong command line: the parser's own words name types of .NET where a number is needed.</summary>
internal static class ParseErrorText
{
    public static string Of(ParseError error)
    {
        if (!error.Message.Contains("'System.", StringComparison.Ordinal)) return error.Message;
        (string name, string? needed) = error.SymbolResult switch
        {
            OptionResult { Option: LimitOption limit } => (limit.Name, LimitOption.Needed),
            OptionResult { Option: var option } => (option.Name, Needed(option.ValueType)),
            ArgumentResult { Argument: var argument } => (argument.Name, Needed(argument.ValueType)),
            _ => ("", null),
        };
        return needed is null ? error.Message
            : $"{name} needs {needed}, not '{PlainText.Of(string.Join(' ', error.SymbolResult!.Tokens.Select(token => token.Value)))}'";
    }

    /// <summary>Nothing of ours takes a negative number.</summary>
    private static string? Needed(Type asked)
    {
        Type type = Nullable.GetUnderlyingType(asked) ?? asked;
        if (type == typeof(uint)) return $"a whole number from 0 to {uint.MaxValue}";
        if (type == typeof(int)) return $"a whole number from 0 to {int.MaxValue}";
        return type == typeof(double) ? "a number" : null;
    }
}
