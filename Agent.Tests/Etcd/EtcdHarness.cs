using System.Globalization;
using Agent.Actors.Cluster;
using Agent.Bench.Peers;
using Agent.Host.Etcd;
using Agent.Tests.Journal;

namespace Agent.Tests.Etcd;

/// <summary>The adapter on real servers or on scripted ones.</summary>
public sealed class EtcdHarness : ClusterStoreHarness
{
    private readonly EtcdServer? _server;

    public EtcdHarness(EtcdOptions options, EtcdServer? server = null)
    {
        _server = server;
        Etcd = EtcdStore.Open(options, TimeProvider.System, Log);
        Prefix = $"/agent-tests/{Guid.NewGuid():n}/";
    }

    public EtcdHarness(params string[] endpoints)
        : this(new EtcdOptions { Endpoints = endpoints })
    {
    }

    public EtcdStore Etcd { get; }

    public override IClusterStore Store => Etcd;

    public RecordingLogger<EtcdStore> Log { get; } = new();

    public string LogText => string.Join('\n', Log.Lines.Select(line => line.Text));

    /// <summary>The endpoint that requests go to.</summary>
    public Uri InUse => Etcd.Endpoints.Single(endpoint => endpoint.IsInUse).Address;

    public override ValueTask DisposeAsync() => Etcd.DisposeAsync();

    public override Task UntilAsync(Func<bool> condition, string what) =>
        Eventually.HoldsAsync(condition, () => $"{what}\n{string.Join('\n', Probe.Messages.TakeLast(20))}\n{LogText}");

    public override async Task CompactAsync(long revision) =>
        (await _server!.CtlAsync("compact", revision.ToString(CultureInfo.InvariantCulture))).EnsureSuccess();
}
