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
        string[] named = [.. Synopsis().Match(Page).Groups["names"].Value.Split('|', StringSplitOptions.TrimEntries), "run"];
        Assert.Equal(Commands().Subcommands.Select(command => command.Name).Order(), named.Order());
    }

    [Fact]
    public void Every_command_that_is_described_exists() => Assert.All(
        Described().Matches(Page).SelectMany(line => line.Groups["commands"].Value.Split(", ")),
        words =>
        {
            string plain = words.Replace("\\", "", StringComparison.Ordinal);
            string line = plain.Replace("HOST:PORT", "127.0.0.1:5354", StringComparison.Ordinal);
            string[] arguments = line.Split('|')[0].Split(' ');
            Assert.Empty(Commands().Parse(arguments).Errors);
        });

    private static RootCommand Commands()
    {
        var nowhere = new StringWriter();
        return CommandTree.Build(new CommandConsole(nowhere, nowhere, IsTerminal: false), new NoService());
    }

    /// <summary>Nothing is run; with it the commands that run are there.</summary>
    private sealed class NoService : IServiceEntry
    {
        public Task<int> RunAsync(ServiceRequest request, CancellationToken stop) => throw new NotSupportedException();

        public Task<int> DemoAsync(DemoRequest request, CancellationToken stop) => throw new NotSupportedException();
    }

    [GeneratedRegex(@"\.RI \{ (?<names>.*) \}", RegexOptions.ExplicitCapture)]
    private static partial Regex Synopsis();

    [GeneratedRegex(@"(?<=\.TP\n)\.B (?<commands>[a-z].*)$", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Described();
}
