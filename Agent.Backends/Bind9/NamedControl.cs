using Agent.Backends.Shared;
using Agent.Dns.Wire;

namespace Agent.Backends.Bind9;

/// <summary>
/// The commands that this driver gives to named. A connection that does not carry them is "away"; named's own no is a reply like any other.
/// </summary>
internal sealed class NamedControl : IAsyncDisposable
{
    /// <summary>What named calls its view where its configuration has none.</summary>
    public const string DefaultView = "_default";

    private readonly RndcClient _rndc;
    private readonly string _scope;

    public NamedControl(Bind9Options options, TimeProvider time)
    {
        ControlKeySource keys = new(options);
        _rndc = new RndcClient(() => new RndcEndpoint(options.Host, options.Port, keys.Read()), time);

        // Always a view: named carries out a command without one in whichever view it finds the zone, which may be another's.
        _scope = $"IN {options.View ?? DefaultView}";
    }

    public Task<RndcReply> AddAsync(DomainName zone, string stanza, CancellationToken cancellation) =>
        CallAsync($"addzone \"{ControlName.WithoutFinalDot(zone)}\" {_scope} {stanza}", RndcLane.Changes, cancellation);

    public Task<RndcReply> ModifyAsync(DomainName zone, string stanza, CancellationToken cancellation) =>
        CallAsync($"modzone \"{ControlName.WithoutFinalDot(zone)}\" {_scope} {stanza}", RndcLane.Changes, cancellation);

    /// <param name="zone">Its name.</param>
    /// <param name="withFiles">named removes the zone's files too, some time after its answer.</param>
    /// <param name="cancellation">Ends it.</param>
    public Task<RndcReply> DeleteAsync(DomainName zone, bool withFiles, CancellationToken cancellation) =>
        CallAsync($"delzone {(withFiles ? "-clean " : "")}{ControlName.WithoutFinalDot(zone)} {_scope}", RndcLane.Changes, cancellation);

    public Task<RndcReply> ReloadAsync(DomainName zone, CancellationToken cancellation) =>
        CallAsync($"reload {ControlName.WithoutFinalDot(zone)} {_scope}", RndcLane.Changes, cancellation);

    /// <summary>Stops updates of the zone, and has named write its file.</summary>
    public Task<RndcReply> FreezeAsync(DomainName zone, CancellationToken cancellation) =>
        CallAsync($"freeze {ControlName.WithoutFinalDot(zone)} {_scope}", RndcLane.Changes, cancellation);

    /// <summary>Loads the zone's file, and lets updates in again.</summary>
    public Task<RndcReply> ThawAsync(DomainName zone, CancellationToken cancellation) =>
        CallAsync($"thaw {ControlName.WithoutFinalDot(zone)} {_scope}", RndcLane.Changes, cancellation);

    /// <summary>Has a secondary ask for the serial, and fetch what is newer.</summary>
    public Task<RndcReply> RefreshAsync(DomainName zone, CancellationToken cancellation) =>
        CallAsync($"refresh {ControlName.WithoutFinalDot(zone)} {_scope}", RndcLane.Changes, cancellation);

    /// <summary>Has a secondary fetch the whole zone, whatever its serial.</summary>
    public Task<RndcReply> RetransferAsync(DomainName zone, CancellationToken cancellation) =>
        CallAsync($"retransfer {ControlName.WithoutFinalDot(zone)} {_scope}", RndcLane.Changes, cancellation);

    /// <summary>Names the TSIG keys that named has.</summary>
    public Task<RndcReply> KeysAsync(CancellationToken cancellation) => CallAsync("tsig-list", RndcLane.Questions, cancellation);

    public Task<RndcReply> StatusAsync(DomainName zone, CancellationToken cancellation) =>
        CallAsync($"zonestatus {ControlName.WithoutFinalDot(zone)} {_scope}", RndcLane.Questions, cancellation);

    public Task<RndcReply> ServerStatusAsync(CancellationToken cancellation) => CallAsync("status", RndcLane.Questions, cancellation);

    /// <summary>The zone's stanza in a form that can be compared; null when named has none.</summary>
    public async Task<string?> ShownFormAsync(DomainName zone, string path, CancellationToken cancellation)
    {
        RndcReply reply = await CallAsync($"showzone {ControlName.WithoutFinalDot(zone)} {_scope}", RndcLane.Questions, cancellation);
        return reply.Verdict == RndcVerdict.Done ? ZoneStanza.Canonical(reply.Text, path) : null;
    }

    public ValueTask DisposeAsync() => _rndc.DisposeAsync();

    /// <summary>Turns a no into a refusal in named's words.</summary>
    /// <exception cref="BackendException">It was a no.</exception>
    public static void Ensure(RndcReply reply, string command, DomainName zone)
    {
        if (reply.Verdict != RndcVerdict.Done)
            throw BackendException.Refused($"named refused {command}: {reply.Explanation} (zone {zone})");
    }

    private async Task<RndcReply> CallAsync(string command, RndcLane lane, CancellationToken cancellation)
    {
        try
        {
            return await _rndc.CallAsync(command, lane, cancellation);
        }
        catch (RndcException error)
        {
            throw BackendException.Away(error.Message, error);
        }
    }
}
