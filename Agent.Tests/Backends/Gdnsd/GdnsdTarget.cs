using Agent.Backends.Gdnsd;
using Agent.Bench.Peers;
using Agent.Dns.Zones;
using Agent.Tests.Backends.Contents;

namespace Agent.Tests.Backends.Gdnsd;

/// <summary>A driver for a real gdnsd, and a look at every record that it serves.</summary>
internal sealed class GdnsdTarget(GdnsdServer server, TimeSpan? reloadPatience = null)
    : ServerTarget(
        new GdnsdBackend(
            new GdnsdOptions(server.ControlPath, server.ZoneFolder, server.EndPoint)
            {
                ReloadPatience = reloadPatience ?? TimeSpan.FromSeconds(30),
            },
            TimeProvider.System),
        server)
{
    private readonly GdnsdServer _server = server;

    /// <summary>gdnsd answers when it serves.</summary>
    protected override bool ServesAtOnce => true;

    public override GdnsdTarget Again() => new(_server, reloadPatience);

    public override Task ServesAsync(ZoneContent content) => ServedRrsets.EqualAsync(_server.EndPoint, content);

    /// <summary>Nothing is left beside the zones' files.</summary>
    public void IsTidy(params IEnumerable<string> files)
    {
        Assert.Equal(files.Order(StringComparer.Ordinal), FilesIn("").Order(StringComparer.Ordinal));
        Assert.Empty(FilesIn(".agent-before"));
        Assert.Empty(FilesIn(".agent-absent"));
    }

    private IEnumerable<string> FilesIn(string folder) =>
        Directory.GetFiles(Path.Combine(_server.ZoneFolder, folder)).Select(path => Path.GetFileName(path));
}
