using Agent.Dns.Zones;

namespace Agent.Host.Transfers;

/// <summary>What all transfers of a client share.</summary>
internal sealed record TransferServices(
    MasterConnectionPool Connections,
    SpoolDirectory Spool,
    TransferKeyring Keyring,
    MasterClientOptions Options,
    TimeProvider Clock,
    IxfrRests Rests,
    RecentDifferences Recent);
