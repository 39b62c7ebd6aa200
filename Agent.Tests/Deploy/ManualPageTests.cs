using System.CommandLine;
using System.Text.RegularExpressions;
using Agent.Host.Commands;

namespace Agent.Tests.Deploy;

/// <summary>The manual page of the Debian package.</summary>
public sealed partial class ManualPageTests
{
    private static readonly string Page = DeployFiles.Text("debian/package/agent.8");

    [Fact]
    public void Every_command_stands_in_the_synopsis()
    {
        string[] named = [.. Synopsis().Match(Page).Groups[1].Value.Split('|', StringSplitOptions.TrimEntries), "run"];
        Assert.Equal(Commands().Subcommands.Select(command => command.Name).Order(), named.Order());
    }

    [Fact]
    public void Every_command_that_is_described_exists() => Assert.All(
        Described().Matches(Page).SelectMany(line => line.Groups[1].Value.TrimEnd().Split(", ")),
        words =>
        {
            string[] arguments = [.. words.Replace("\\", "", StringComparison.Ordinal).Split('|')[0].Split(' ')];
            Assert.Empty(Commands().Parse(arguments).Errors);
        });

    private static RootCommand Commands()
    {
        var nowhere = new StringWriter();
        return CommandTree.Build(new CommandConsole(nowhere, nowhere, IsTerminal: false), null);
    }

    [GeneratedRegex(@"\.RI \{ (.*) \}")]
    private static partial Regex Synopsis();

    [GeneratedRegex(@"(?<=\.TP\n)\.B ([a-z].*)$", RegexOptions.Multiline)]
    private static partial Regex Described();
}
