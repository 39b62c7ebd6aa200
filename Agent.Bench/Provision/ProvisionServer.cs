using System.Net;
using Agent.Bench.Peers;

namespace Agent.Bench.Provision;

/// <summary>
/// A real server that is given many small zones: by the agent through one driver, or by the server's own means with the files ready, one
/// process for each zone or all at once. Whoever is measured gets a server of its own.
/// </summary>
/// <remarks>
/// Steps, in this order: expect, start, prepare, add (one way or the other), settle; then zones are served, at the latest soon. The same
/// with change in the place of add.
/// </remarks>
public abstract class ProvisionServer : IAsyncDisposable
{
    /// <summary>The name of the driver.</summary>
    public abstract string Driver { get; }

    /// <summary>What is called once for each zone.</summary>
    public abstract string SingleWay { get; }

    /// <summary>The quickest way that the server has for many.</summary>
    public abstract string BulkWay { get; }

    /// <summary>How the agent's rate of created zones is to stand to that of <see cref="BulkWay"/>.</summary>
    public virtual string BulkAim => "1 is the server's limit";

    /// <summary>Settings of a target by which an agent drives this server.</summary>
    public abstract string TargetSettings { get; }

    /// <summary>Settings of the agent beside its targets, a key for instance.</summary>
    public virtual string OtherSettings => "";

    /// <summary>The backend by which the agent that Designate had drives this server, and its settings; null where it had none.</summary>
    public virtual (string Name, string Settings)? DesignateBackend => null;

    /// <summary>Whether zones can be taken from the server through the driver.</summary>
    public virtual bool TakesZonesAway => true;

    public abstract IPEndPoint EndPoint { get; }

    public abstract string Output { get; }

    public int ProcessId => Process.Id;

    protected abstract ChildProcess Process { get; }

    /// <summary>Before the start: the zones that will come, whoever brings them. For a server that must have them already.</summary>
    public virtual Task ExpectAsync(IReadOnlyList<string> zones) => Task.CompletedTask;

    public abstract Task StartAsync();

    /// <summary>What may be ready before anybody measures.</summary>
    public abstract Task PrepareAsync(IReadOnlyList<string> zones, SmallZone content);

    /// <summary>Adds a prepared zone with a process of its own, or with as many as that takes.</summary>
    public abstract Task AddSingleAsync(string zone);

    /// <summary>Adds prepared zones.</summary>
    public abstract Task AddBulkAsync(IReadOnlyList<string> zones);

    /// <summary>Has the server take the prepared content of a zone that it has.</summary>
    public abstract Task ChangeSingleAsync(string zone);

    /// <summary>The same for many.</summary>
    public abstract Task ChangeBulkAsync(IReadOnlyList<string> zones);

    /// <summary>What the server must be told at the end, so that it serves what was added or changed.</summary>
    public virtual Task SettleAsync() => Task.CompletedTask;

    /// <summary>What is still there of any zone that the agent made: files, or rows of a database.</summary>
    public abstract Task<IReadOnlyList<string>> LeftAsync();

    /// <summary>Ends the server; its files stay until it is disposed.</summary>
    public abstract Task StopAsync();

    public abstract ValueTask DisposeAsync();

    /// <summary>Files in a folder, without what a driver keeps for itself.</summary>
    protected static Task<IReadOnlyList<string>> FilesIn(string folder)
    {
        IReadOnlyList<string> files = Directory.Exists(folder)
            ? [.. Directory.EnumerateFiles(folder).Select(Path.GetFileName).OfType<string>().Where(name => name[0] != '.')]
            : [];
        return Task.FromResult(files);
    }

    /// <summary>Writes a master file for each zone.</summary>
    protected static void WriteFiles(IEnumerable<string> zones, SmallZone content, Func<string, string> fileOf)
    {
        foreach (string zone in zones) content.Write(zone, fileOf(zone));
    }
}
