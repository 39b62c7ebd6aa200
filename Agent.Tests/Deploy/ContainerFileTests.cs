using System.Text.Json;
using Agent.Tests.Architecture;
using Agent.Tests.Commands;

namespace Agent.Tests.Deploy;

/// <summary>What can be proven of the container file without building an image. The Debian package's test runs <c>publish.sh</c>.</summary>
public sealed class ContainerFileTests
{
    private static readonly string[] Known =
        ["ARG", "FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "VOLUME", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT", "CMD"];

    private readonly (string Word, string Text)[] _instructions = [.. DeployFiles.Text("container/Containerfile")
        .Replace("\\\n", " ", StringComparison.Ordinal).Split('\n')
        .Where(line => line.Length > 0 && line[0] != '#').Select(line => (line.Split(' ')[0], line[(line.IndexOf(' ') + 1)..].Trim()))];

    [Fact]
    public void Every_instruction_is_known_and_every_file_copied_exists()
    {
        Assert.All(_instructions, one => Assert.Contains(one.Word, Known));
        IEnumerable<string> ours = Of("COPY").Where(text => !text.StartsWith("--from", StringComparison.Ordinal));
        foreach (string source in ours.Select(text => text.Split(' ')[0]))
            Assert.True(Path.Exists(Path.Combine(SourceTree.Root, source)), source);
        Assert.Contains("deploy/publish.sh /out", Of("RUN"));
        Assert.Contains("--from=build /out /usr/lib/agent", Of("COPY"));
        string[] leftOut = DeployFiles.Text("container/ignore").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Contains(".git", leftOut);
        Assert.DoesNotContain(leftOut, entry => entry is "deploy" or "hocon" or "Agent.Host");
    }

    [Fact]
    public async Task What_it_runs_are_commands_of_the_program()
    {
        string entry = Assert.Single(JsonSerializer.Deserialize<string[]>(Of("ENTRYPOINT").Single())!);
        string[] health = JsonSerializer.Deserialize<string[]>(Of("HEALTHCHECK").Single().Split("CMD ")[1])!;
        Assert.Equal(entry, health[0]);
        Assert.Equal(0, (await CommandRun.Of([.. health[1..], "--help"])).ExitCode);
        Assert.Equal(["run"], JsonSerializer.Deserialize<string[]>(Of("CMD").Single())!);
        Assert.Equal("SIGTERM", Of("STOPSIGNAL").Single());
        Assert.DoesNotContain(Of("USER").Single(), "root", StringComparison.Ordinal);
    }

    private IEnumerable<string> Of(string word) => _instructions.Where(one => one.Word == word).Select(one => one.Text);
}
