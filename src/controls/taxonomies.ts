/** The techniques of MITRE ATT&CK that controls name, with their titles there. Source: https://attack.mitre.org/versions/v17/. */
export const techniques = {
  "T1003.007": "OS Credential Dumping: Proc Filesystem",
  "T1003.008": "OS Credential Dumping: /etc/passwd and /etc/shadow",
  T1005: "Data from Local System",
  T1006: "Direct Volume Access",
  T1020: "Automated Exfiltration",
  T1021: "Remote Services",
  "T1021.004": "Remote Services: SSH",
  T1040: "Network Sniffing",
  T1046: "Network Service Discovery",
  "T1055.008": "Process Injection: Ptrace System Calls",
  T1057: "Process Discovery",
  T1059: "Command and Scripting Interpreter",
  "T1059.004": "Command and Scripting Interpreter: Unix Shell",
  T1068: "Exploitation for Privilege Escalation",
  "T1070.002": "Indicator Removal: Clear Linux or Mac System Logs",
  "T1078.001": "Valid Accounts: Default Accounts",
  "T1078.003": "Valid Accounts: Local Accounts",
  T1082: "System Information Discovery",
  T1105: "Ingress Tool Transfer",
  T1133: "External Remote Services",
  "T1136.001": "Create Account: Local Account",
  T1190: "Exploit Public-Facing Application",
  "T1195.001": "Supply Chain Compromise: Compromise Software Dependencies and Development Tools",
  "T1195.002": "Supply Chain Compromise: Compromise Software Supply Chain",
  "T1204.003": "User Execution: Malicious Image",
  T1210: "Exploitation of Remote Services",
  "T1222.002":
    "File and Directory Permissions Modification: Linux and Mac File and Directory Permissions Modification",
  T1485: "Data Destruction",
  T1489: "Service Stop",
  T1496: "Resource Hijacking",
  T1499: "Endpoint Denial of Service",
  "T1499.001": "Endpoint Denial of Service: OS Exhaustion Flood",
  T1525: "Implant Internal Image",
  "T1543.002": "Create or Modify System Process: Systemd Service",
  T1546: "Event Triggered Execution",
  T1548: "Abuse Elevation Control Mechanism",
  "T1548.001": "Abuse Elevation Control Mechanism: Setuid and Setgid",
  "T1548.003": "Abuse Elevation Control Mechanism: Sudo and Sudo Caching",
  "T1552.001": "Unsecured Credentials: Credentials In Files",
  "T1552.004": "Unsecured Credentials: Private Keys",
  "T1552.007": "Unsecured Credentials: Container API",
  T1554: "Compromise Host Software Binary",
  T1557: "Adversary-in-the-Middle",
  T1562: "Impair Defenses",
  "T1562.001": "Impair Defenses: Disable or Modify Tools",
  "T1562.004": "Impair Defenses: Disable or Modify System Firewall",
  "T1562.012": "Impair Defenses: Disable or Modify Linux Audit System",
  T1565: "Data Manipulation",
  "T1565.001": "Data Manipulation: Stored Data Manipulation",
  T1609: "Container Administration Command",
  T1610: "Deploy Container",
  T1611: "Escape to Host",
  T1612: "Build Image on Host",
  T1613: "Container and Resource Discovery",
} as const;

export type Technique = keyof typeof techniques;

export const attackVersion = "17.1";

/** The weaknesses of MITRE's list that controls name. Source: https://cwe.mitre.org/data/definitions/NUMBER.html. */
export const weaknesses = {
  15: "External Control of System or Configuration Setting",
  250: "Execution with Unnecessary Privileges",
  269: "Improper Privilege Management",
  272: "Least Privilege Violation",
  284: "Improper Access Control",
  295: "Improper Certificate Validation",
  306: "Missing Authentication for Critical Function",
  312: "Cleartext Storage of Sensitive Information",
  319: "Cleartext Transmission of Sensitive Information",
  324: "Use of a Key Past its Expiration Date",
  347: "Improper Verification of Cryptographic Signature",
  400: "Uncontrolled Resource Consumption",
  426: "Untrusted Search Path",
  459: "Incomplete Cleanup",
  494: "Download of Code Without Integrity Check",
  521: "Weak Password Requirements",
  522: "Insufficiently Protected Credentials",
  526: "Cleartext Storage of Sensitive Information in an Environment Variable",
  532: "Insertion of Sensitive Information into Log File",
  538: "Insertion of Sensitive Information into Externally-Accessible File or Directory",
  653: "Improper Isolation or Compartmentalization",
  668: "Exposure of Resource to Wrong Sphere",
  693: "Protection Mechanism Failure",
  732: "Incorrect Permission Assignment for Critical Resource",
  754: "Improper Check for Unusual or Exceptional Conditions",
  770: "Allocation of Resources Without Limits or Throttling",
  778: "Insufficient Logging",
  779: "Logging of Excessive Data",
  798: "Use of Hard-coded Credentials",
  829: "Inclusion of Functionality from Untrusted Control Sphere",
  862: "Missing Authorization",
  923: "Improper Restriction of Communication Channel to Intended Endpoints",
  1104: "Use of Unmaintained Third Party Components",
  1188: "Initialization of a Resource with an Insecure Default",
  1327: "Binding to an Unrestricted IP Address",
  1357: "Reliance on Insufficiently Trustworthy Component",
  1395: "Dependency on Vulnerable Third-Party Component",
} as const;

export type Weakness = keyof typeof weaknesses;

export const cweVersion = "4.17";

/** `https://attack.mitre.org/techniques/T1552/007/`. */
export function techniqueUri(id: Technique): string {
  return `https://attack.mitre.org/techniques/${id.replace(".", "/")}/`;
}

export function weaknessUri(id: Weakness): string {
  return `https://cwe.mitre.org/data/definitions/${id}.html`;
}

/** The number that a recommendation of the CIS Docker Benchmark 1.6 has in 1.8, which has a new 2.7. */
export function numberIn18(number: string): string {
  const after = /^2\.(\d+)$/.exec(number)?.[1];
  return after === undefined || Number(after) < 7 ? number : `2.${Number(after) + 1}`;
}

/** `CIS Docker Benchmark 1.6: 2.8; 1.8: 2.9`. */
export function cisNumbers(numbers: readonly string[]): string {
  const [older, newer] = [numbers.join(", "), numbers.map(numberIn18).join(", ")];
  return older === newer
    ? `CIS Docker Benchmark 1.6 and 1.8: ${older}`
    : `CIS Docker Benchmark 1.6: ${older}; 1.8: ${newer}`;
}
