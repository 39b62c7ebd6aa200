using System.CommandLine;
using System.Globalization;

namespace Agent.Host.Commands;

/// <summary><c>--limit</c>: how many lines of a list are wanted; the interface gives at least one.</summary>
internal sealed class LimitOption : Option<int?>
{
    public const string Needed = "a whole number from 1 to 2147483647";

    public LimitOption(string description)
        : base("--limit")
    {
        Description = description;
        HelpName = "N";
        Validators.Add(result =>
        {
            string given = result.Tokens is [var token] ? token.Value : "";
            if (int.TryParse(given, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int limit) && limit < 1)
                result.AddError($"{Name} needs {Needed}, not '{limit}'");
        });
    }
}
