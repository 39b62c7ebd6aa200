using System.Text.Json;
using Agent.Actors.Cluster;
using Agent.Actors.Reasons;

namespace Agent.Host.Etcd;

/// <summary>
/// Tells the etcd of this cluster from any other: a stray member that came up empty, one that was restored, one of somebody else. Asked
/// before this process believes the first answer, for without a past of its own it would take the first etcd that it meets.
/// </summary>
/// <remarks>
/// The epoch of a shard is the cluster's incarnation and a revision of etcd. So the etcd that gave the epochs in the journal is not behind
/// the highest of them, and one with another number counts only when an operator has raised the incarnation.
/// </remarks>
internal sealed class EtcdIdentity(IEtcdMemory memory, string configKey)
{
    private const string WayOut = "if etcd was restored or is a new one, stop all agents, raise the cluster's incarnation and start them";

    /// <summary>A linearizable read, so that its revision is the newest of that etcd.</summary>
    public EtcdCall Question { get; } = EtcdCalls.Read(configKey);

    /// <summary>Reads the answer.</summary>
    public EtcdPresent Read(JsonElement answer)
    {
        StoreEntry? config = EtcdJson.Objects(answer, "kvs").Select(EtcdJson.Entry).FirstOrDefault(entry => entry.Key == configKey);
        ConfigRecord? record = config is null ? null : ClusterRecords.Read<ConfigRecord>(config.Value);
        EtcdHeader header = EtcdHeader.Read(answer);
        return new EtcdPresent(header, record?.Incarnation ?? 0, record?.EpochOf(header.Revision) ?? header.Revision);
    }

    /// <summary>Makes sure that the etcd behind an endpoint is the one of this cluster.</summary>
    /// <param name="ask">Asks it the <see cref="Question"/>.</param>
    /// <exception cref="EtcdException">It is not, or that cannot be found out now.</exception>
    public async Task<EtcdHeader> ConfirmAsync(Uri endpoint, Func<Task<EtcdPresent>> ask, CancellationToken patience)
    {
        // In this order: an epoch that another node takes in between lies behind what etcd is asked for afterwards.
        EtcdPast past = await AskedAsync(endpoint, memory.RecallAsync(), patience);
        EtcdPresent present = await ask();
        Compare(endpoint, present, past);
        Task<EtcdPast> remembered = memory.RememberAsync(present.Header.Cluster, present.Incarnation);
        Compare(endpoint, present, await AskedAsync(endpoint, remembered, patience));
        return present.Header;
    }

    private static void Compare(Uri endpoint, EtcdPresent present, EtcdPast past)
    {
        if (past.Cluster != 0 && past.Cluster != present.Header.Cluster && present.Incarnation <= past.Incarnation)
        {
            throw Other(
                $"{endpoint.Authority} belongs to the etcd cluster {EtcdHighWater.Hex(present.Header.Cluster)}, the agents on this journal "
                + $"work with {EtcdHighWater.Hex(past.Cluster)}");
        }

        if (present.Epoch < past.Epoch)
        {
            throw Other(
                $"{endpoint.Authority} lies behind: shards were taken up to epoch {past.Epoch}, and it would give {present.Epoch} "
                + $"(incarnation {present.Incarnation}, revision {present.Header.Revision})");
        }
    }

    private static EtcdException Other(string text) => new(
        new Reason(ReasonCode.StoreRefused, $"{text}; {WayOut}"), EtcdOutcome.NotSent, EtcdError.None, blamesEndpoint: true);

    /// <summary>What the journal says; that it is away is no fault of the endpoint.</summary>
    private static async Task<EtcdPast> AskedAsync(Uri endpoint, Task<EtcdPast> answer, CancellationToken patience)
    {
        try
        {
            return await answer.WaitAsync(patience);
        }
        catch (Exception failure) when (failure is IOException or OperationCanceledException)
        {
            string why = failure is IOException ? failure.Message : "it did not answer in time";
            throw new EtcdException(
                new Reason(
                    ReasonCode.StoreAway,
                    $"the journal could not be asked whether {endpoint.Authority} is the etcd of this cluster: {why}"),
                EtcdOutcome.NotSent,
                EtcdError.None,
                blamesEndpoint: false);
        }
    }
}

/// <summary>What an etcd says of itself.</summary>
/// <param name="Incarnation">Of the cluster's configuration there; 0 where there is none.</param>
/// <param name="Epoch">What a shard would be taken under now.</param>
internal sealed record EtcdPresent(EtcdHeader Header, int Incarnation, long Epoch);
