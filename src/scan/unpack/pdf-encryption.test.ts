import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inflateSync } from 'node:zlib';
import { createUnpackers } from './index.ts';
import { openAll, yields, type Opened } from './open-all.ts';

const MARKER = 'POSTERN-TEST-MARK';
const unpackers = createUnpackers();

/**
 * A page whose content stream holds the marker, encrypted once with `qpdf --encrypt USER o BITS`, then deflated and
 * encoded to be short here. The user password is empty.
 */
const EMPTY_PASSWORD = {
  '40-bit RC4':
    'eNqFUj2LE0EYttBmf8XbBKtz5+udmYWYwuQConIhUZvjitmdmRjJ7R6bES529wMUC0E4sLGUw8ZSOKurBMEf4G+wFBtxdu+85Ijg' +
    'TrHwzPMx88zbGQ2GW/SWSjqff777nVAgUOVPk24X0pGZugWwiIwhfbg8cJD2TTDzagq9XuJK2xDZmqBfPSsDUEjvzewCdoG30r2/' +
    '4nO/lZRfkZbBlWEB4jzugbMzc6c6jC4kriyuvcahjqSrR2pc10zFmulwNg+ujv+5CW7gispG/n1XTsMTENiIFqF2Zj85uvbpx/6N' +
    '968/LPtvv98cHv263js5pq9eTE6Pb59+fHlmzkbu6/TLtxOs3rgYdCG7iMR/RE6CKa2p7SqPQLoDXauNpp55hTIn3BOnlORKSqJs' +
    'IVVBMo2cmoI7pF46LDzxBRWK57RwJFPYixeGLQHpOLaQPoJujkZImTtvnCjQRj8khOfEOlQso5oV1lJEpZWR0miDilrKfCYl09Iz' +
    'Gw0fxydbFXhYO58QkAm5/EAicgQPlxiNd253yhUmxQZGGd/AGNEbGF/nhdrM5rHDps5xVTUD1T73ZPbcgYT07gB2u5wKihmT8Vw6' +
    'U1k00EIyKTjXnKkMe/9nxHnaLot6eRAA24R2Hkwd2gaQZUmns70zTP4AqBTbEQ==',
  '128-bit RC4':
    'eNqFUrtuE0EU7aen5jYWogg7z50ZyXJBHEs8okQO0EQpZndmHYPZtdaDlAdNJIr8AC0FQkJUNDSRkGj4Bgp+AipoUODuJtiOjMRO' +
    'saMz95wz98ztbPcHa+yWJp1PP1+fEwYUquwx6XYh2XajMAOOyBCSB4fTAMm6i25SjaDXI6H0TSFfIqxXz8oIDJJ7Yz+DXRAtde8v' +
    '+UJvQRVXqGUMZZyBvLDbDH7sblcHqEJxWVx7jUKNRVev1Kguicol0cF4EkON/4mLoR/yymP9/VCO4j5I1ZBmsQ7uKTm6xs7Fj49n' +
    '5PeXD6ffT96/jL++Hj//dvfNyZPP9gZJp/Xbd6cvrt98dbZ/jHx/Sbu0VP+w3Imu9K72cz/GDSRb0NU6M0VGraGce+EyIbnQwalU' +
    'ipwazSjuGRdFrgpjssJa4VKT504VjGeSFj3sGNYkJEOMN3kI3cxonWrjGc89tS4oaWgQWsncea0yRxnnUqXOsgwPGfpplPQZ7nKj' +
    'c4mCjzDRRYIHdSgIhZTQ+QepUkJBAXOMYdPtSbnAUrmCYScrGKdmBRPLdbF24wmG2OQ5rKpmotr33hkfBUghudOH3a5gkinLU7yX' +
    'sdqigJEpxxSFEVxb1ft/BQ7URpnXh9MIqnVoB8LVsU1ACUo6nY2tAfkDPVzbbQ==',
  '128-bit AES':
    'eNqFUr9rFEEUBhthURIEC8Hgaw6xiDs/d2bhONDcHYiJF3KaIkeU2d3Z5OSye+xNYiLYCIIW/hOivcFCO5v8A/Yq2Ala2QRSBN9e' +
    'kruLKdxdmNlv3vu+7715lcV6c5beVF7l8/6bQ48CgTx67FWr4C+aNTsAhsgS+Pd3+hb8OeNML1+DWs2zWVIGsomEuXwzc0DBv9tN' +
    'BtABPkxdPUk+4hun8lOpmbOZG4A4kluwSdfczreRheAb4rtaMhQYdNpSyTpBKiZIm92eswWuPeNs3cZ5gvHzNltz6xCIMmngCms2' +
    'vN29wfln+w9npn7SGytfnxz8uXhIX56beftht/ODX52/MvV6evrR9XsH32Sn/uqd+XVtb+vThe/PV95f+vLxcufFb9Q+Zjp2ISdL' +
    'a0K5tF1yvLu16dYbW2Uhfj2PW32blUELeNBoL7ORQxqgw/Ib1dF2JktMkYxDmAa/BVWlIp1GJNSEsYSbiAvGlTUyEDwmWlGCe8p4' +
    'GstU6ygNQ24CHcdGppRFgqSosQizAvwl7D/KbDRP/OJSjH8eQDXSSgVKJ5TFCQmNlUITy5UUsUmUjAyhjAkZmJBGeEjRiUKxJMJd' +
    'rFUsUGoZxMSFbRc29QgEHhk9EEjJJaQwwig2dHiSjTG8wX8xrPEMxog+g6GrMeYK0+1he8urWcrzcoCH49XuPrUQgH+nDp0qp4LK' +
    'kAXoS4cq5IxrETDsL9ecqVDW/h+B89vI4mKn70AOFYbzZwo37EAgqFepNFpN7y+T1/rw',
  '256-bit AES':
    'eNqFUztvXEUUFhQUKyQ6ioSQaSwUpGTndWbmSCuLOLsrodhayyYusCw0jzPORut7rbvXlkMQBQUoqfIbqPgJUFFGqdJBiUSBRE1B' +
    'gxBzN/Z6IxfcuZrHeXznvbY9HN8Wd2xv7ee/v/+3JxhndXjUGwxYf3TWUjWf1tWcdc+7w43R4rLh57RHTcdh/aK6IrlJpzRjjq2v' +
    'd39/2x/SnMmCucP6nz0+Jta/51s/qw8Lu0dV6kzJFZP36pOqZYL170/TnO0ztVA9uFB+jXepqt5QrYoT7Zzp1+a2KE39Rn1WUHhZ' +
    'WNZBh9AUoTdd6lBXQPUK6Hg6a6kp58y3NKRYpyK/SdVh+5AZ3SnN24b8UU99/rG4NvngxT9//frLDzfp5tPtg+cv/9j/8dZ3R+++' +
    '+urJjVePnn3z07VP/rx15+3T99/Zuv7yxbcnJ+99dOOtL77e2Pz9tw+L7XOkcy9gNbTxIu+7bTq/3T1pH45Ou0D6wzpOjqnqhLYK' +
    'Y7S7p5YeKnlRiIs4dltfJd+kpYgEw/oTNuDOIcqkwCRjYjIeNOfojNciOwrAowJrbRbOpISaY5Qa0edoogkOvdWJQiIkCEr5KAxy' +
    'G62KlkBln3XxYVK6R0XvrKIkHYhISWchDaDBDFmacmTvtMcsHQqINkYZoBAUTyKD4pl3PcVu67JTc1TaMpukMQhKIYeACZxUjkdt' +
    'DJEiZ12R32Gmi/tofJHAcjSXjwdsYLSXaL1PYD0YNB6jD5xrzZWUSA4lQYwi6KzJhayT4JyXVFgsKbAZdChBiuwhhcBRB8eDi8Wd' +
    'EkIkEzsnHpTYkxSFpX02WmAOkNGh0ZRAeRXJ+iwxhuwjVxq4JaN0BC6zCrrUxaZUYPYYrDTqWUO5x5np8eXHDIACltmSJkojLTjV' +
    'kiYUv0pzeIUmrb5C09xd0trGT2elrbqW3KnrbnAXY7U7/ZK6rH86ZPsDJbQALGVW4NCiKhXSRhqtlFPSIqz/v0SZ21EVm8fHLYOF' +
    'hcXc+aZdZAABemtro8m49x8kEFHR',
};

/** The same with the user password `secret`. */
const LOCKED = {
  '128-bit RC4':
    'eNqFUj1rFEEYthO2E1vBF8IVFnF3vmfkvMJcDsSPhIvahAizO7Pnyrmb7I1wEQUbS0srwcJfoVj4BwSxyx8QK0ErMYj47ibeXTjB' +
    'nWKHZ5+PmWffzmZ/sEouqqjz/sfr3xGBBKr0ftTtQrxpR34CFJEhxLf2dz3EazbYcTWCXi/ypWuIdEGwVj0sAxCIrxVuAtvAWunO' +
    'X/GR31zKTkjL4MswAX4Ud8O7wl6ppuiS4DK4dhqHGkknj9S4LpjyBdNBMQ6+xvfYBt/3WeWQf92Xo3APuGhEk1B7+yC6++nrt4PL' +
    'T/TTVx/fPD73vfqwsvfy+eHP6PCt7l04+HLp1Nnzz05/frFyc3rm1zsMOpYdR4p/RG4FWzpbu1keoRriDejSTFInqbApZYoIQbxy' +
    'ymtJiFbSKSO9c94pRrjRJhUqzUiWC5ElIiM5VaaHN4ZVDvEQ641vo2HOcpVKYYyzzDOXO8dypoRwPOdS64RQyoW0hqTWC8I4VcxK' +
    'l+Iu0yrjaHgHG503OK19HiUgo2T2gBSCCchhhhG8dPulnGOSL2GEsiWMJnoJY4u8UNtijCU2fQ6rqpmo9n9vFY88SIiv9mG7iwUR' +
    'YajEc2mjDBpoLqnkjGmGNYne/xk4UOtlVu/vBhBtQjsQtg5tA4IlUaezvjGI/gBLldr2',
  '256-bit AES':
    'eNqFU82LHEUUR7xI48WL4MFQl7kldn1XPVgXspkZiCZs2E1WIaxQH682I7PdS08n7IiiRw+CR+8eRM+eBGERQRD/AC/iHxAQPAh6' +
    'El9Pdmcn7MGupqvqffze771+b3RvPL0h3nDV6OzvL/+tBOOsje9XW1usnpz22CxmbbNgw/XmeGeyOuyEBR5gN2hYTa4blnfwCc6Z' +
    'Z9vbw1vfC0e4YJIw91h9f3mCrL4V+jBvj0hdYZOHUHIj5K32cdMzweq3Z3nBHjK1cj28cH6Gd+mqnnNtiES/YPpZuLuYZ2GnPSUU' +
    'TgtoHQ4IHRk9T2lA3QDVG6DT2bzHjvZ56HGMqc1kfwebo/4Rs3pwWvQdhuPq5W8/rv45e7X//frXb97+/Gn+4r3Prr/0wk/X6vHo' +
    're+W8NdvL777yoc7y/TO2afLw5Nfrr32yc+vP/3+xz+++uFX8c1H9/+k2OdI5yzMZmrTVd33+3x+uvm4fzR5MiRSj9u0e4LNYHSX' +
    'FJP9A7VmqOTFj7jIY78PTQ5dXptIY1m9y7a4jlkX8NFE5Y3zATFhjgg2JBFtxJijEjwb8BgtB6Mx2RikkjyEnMmEF+mjs5pjTOBK' +
    'zDaLAF7n5JwvxGGXuke7KErQJHAeJCZTIHFXUgyF86KDF8Ippb01WVhujAZlFXBnFFIkDUNPsRuavtgdU1ta5RFUgFQ8L1kJEXh0' +
    'CCKpqItRiuz3mB3yPp5eFJC27vLygECiUxC9TNECCMRsfSpRS4ySchNEyxYOpPUZVXLZhRKF4z7EYI1OwqXkhLIcVTZWhpTAAJho' +
    'SIA2K0kkHlDuxUUMQXEQVqEz4HRKXoG3ggN5YnbSYEDhIbjoCUY5SIkHTQcugiOYA2Y2GvW0w1JxZiu+fpg1RhlW2FomqJFWmmYt' +
    'E4pflXm4IpNOX5Fp7i9lfRdmc2qroSX32nYY3NVY7c8+wKHqt8fs4ZYSWhiQlnh5cKCk8tpKq5XySjow2/9vQXM7aVK3POmZWUVY' +
    'zV3o+lUFwJhqNJrsTqv/AL9iVa4=',
};

/** The same with the user password `secret` and the owner password `owner77`. */
const OWNED = {
  '40-bit RC4':
    'eNqFUj1vE0EQpb6efhoLUZjb77uVLBeJYwkFiGUCQkQp9nb2jJG5i86LZPd0BiEqOiLR0MAPoIGKHwANEpEogJLQUNAh9i4fdpSC' +
    '3ZVWejvvvZnZaQ16/Ta9IqLW+z8v/0YUCJTZ/ajTgXhgRm4KLCBDiLfnew7idePNpBxBtxu5AutAtkJYLx8WHijEm2Ocwg7whrp7' +
    'Qj7SW1L5GWrhXeGnII7srjscm7VyFlRI2FrXZ7fWqELY2aRq3RVZsSJ7zRUjfw+kgrg/nnhXhXtivOs5W2JDmvrKmQdR99m3p3fe' +
    'zZI325uX6cHaj0X71de7v+z+I7H4jp8H+we/Lxw+Ofx56dOL4cX5c3lj8fbxh4/ky+vgeaxw7C5X3E8sb3pToKnwNB9BIN6CjpZp' +
    'hloYhpZTnmvBkFEliURiLdFUa45cKRRJIpxmBHObUs50ahgV0qhuqB3aAuJhaEh8CzrGapFxw5OEZhJpkvJUU66yNM1UQJ0T1GlD' +
    'SYoSXZJimlhn85zWdoiUBsHb4f+WvZxVLo8IqIicLlBScgk5nGI01Ny8FEtMiXMYZfwcxig5h3GulpivzHgSeli3c1iW9XQ1P3+1' +
    'BzsdiyRjCRrhJApDE5VRagwykVhEkefd/0eEkdoobDXf8yAb5WYkTOWbyqVgUau1sdWP/gFdceY1',
  '128-bit RC4':
    'eNqFUj1rFEEYLgOr/ocX5BCEuPN9s3BcYS7B4Efi+dGEFO/szJwn5+6xN8GksbER/4JgYScERBAEEQXt7ASNjbXX2VgIFuLcJrm7' +
    'cIW7Czs88z7PM+8zb2Ozs7ZML4ik8f73s78JBQKluZu0WpBuYs+NgEWkC+nNvaGDdAUDDsoetNuJK+ykkM0RVsqdIgCF9HLfjmAL' +
    'eE3dPiYf6s2o/AS1CK4IIxCHdled7ePFcjeqkPhm2eTbnmhUsezkoSa6c7JiTvaKK3rhDkgF6Vp/EFwV/wMMruPy0takUagc3kvG' +
    'B5/ky1fPP5sXbx/e/3X+9MdvZ3o7X8aXxtff/BzvD0f7Tx9dO3vw4/E7tvRh6dTwz+snD84Nvmdfo+eRwpG7nHM/trwRsLBY2el5' +
    'KNOQbkDLotWe08w4YjTj1HnDmfZW0kwj8ZwTJ1WGuaU5Utv0WhqRG8ENNUIJlbVj87AsIO3GrNNb0JKOuFySppYalZWKe++loz5n' +
    'QgpERyiLK4UZNegk5YI1eSw0cZXrZi6i4O0Y7izM3cr5hIBKyPQBJSWX4GGK0dh0vVPMMCUWMMr4AsYoWcA4VzMsVNgfxBAneXbL' +
    'cjJe9dWvd2Crxah3qImgnCGRTZ3rTKBFZ5ALlMq2/18RZ2q1yKu9YQBZK9czgVWoO5eCJ43G6sZa8g8skOcW',
  '128-bit AES':
    'eNqFUr9rFEEUhli56D9gIU/kwCbu/L4ZOAKauxMxISGJKRIizO7MJieX3bg3kQSExEILCxtLsYm1IIoIErC1iRALG7WxENII/kBt' +
    'DM5ukrsLKdwZeLPfvPe99817lfF6cxCfF0Hl9e+N3QADgiy6HtRqEI7redsB4pEJCKdWlyyEw9rpdjYPQ0OBTU3hSPoChrPl1AGG' +
    '8ErLdGAWaBk6dxC8x9cLpYdCU2dT1wG2l27Umpa+mK14FuSXUsWeKzhy73a4qIK3j5b10Y7YdN4tgEQQNlttZ3Nv29rZuo0zUwZ1' +
    'XG71YtD48GoGb55FL77+fftna2b2zu73qakva9G5Rzu3Bja2tm/f3br0ZuTTwM7j7MHHz++eXvv1/vizJxvbP5efb6/fOOba936c' +
    'fLh5av20PPFt7cz9l76Wfeb9qni/2CYUZtKZ/dOFZbfQuFkIC+tZPLZk08Jp1F80JqdJVwYWvuJid8VMOp0anZueC5EQjkHNaCMT' +
    'ilVkUSQJxTaJKJGJ4VhJjRJKkeVC6djgWGNTTSSPWBwxGuGICSaUzzEOgwzCCd8Rn2axeVCvN3nv5yrUOBE0SixhsTVSEUYQVopT' +
    'jbEwCqsqwoQwLrTCkbYcU0aqVAsT+VMsqzHzqaZ9kl4DV3KbBAhEgLofCM4phwS6GPYPWt6kPUywIxgm9AhGMDqCUdGHuVy32v55' +
    'i9ZMZFkx0uW4Xa7DbA1xFduY6GoiiECaEKRsYiSKJZfEax76v4ef40Ya56tLDnjJXM6hzl2pXHAVVCqNsWbwD4xADFo=',
  '256-bit AES, revision 5':
    'eNqFUz1oZUUUZsXGa2NjoTZTGHCF9c7/Dz4im7z3YHWXLIkJQlhhfs5k3/Jyb7zvJmSbBDuLFdlWQcRyESsrFewEK3s7LQQLQUGw' +
    'WzzzNnl5SwrvvdyZOXPOd77vzJmV28PxNfaGqVZ++PfLxxUjlLThXjUYkHp03EMzm7TNjJTl9eHaaD5Z8zPYga7skBpDlzxvwhFM' +
    'iSCrq+Wrb/s9mBGOmJukfvf+AZB63fd+2u7hdgVNKqn4Usr19rDpCSP1O5M0I7uIVELvnAc/wbsIFU+FNkiinxH5JN0tSBO/1h4j' +
    'CsXXufLdKRgduj1NquAuwcol2JvQ7PV3iaWkHk+mPXQ4Tn0PQ4htmgfN+g78fvXK1fw1/eaDn152X7z51+l7zxx9fHzlNL71woNf' +
    'tr/affX5v99+dPDcpz82f57aw19f+uzx95NnP/n85P3vfv9j/XX+z8OTh7OrH3574+eTF4dXHr22/9uDj5DLGfIZK7Usdjw/ia0+' +
    'nc2uH/Z3R0dFWD1s48YBNMXpFm6MtnbEQobg50dzLmar903yXVq4cKVJvUEGlMWUcjBBp6S1lSJRHKLKXrEAiVrqgssQEtNUR6u4' +
    'DUxQTg0LjAmg2nuEEDooI3Wg1nmR0ERj4uBUBuSwgf3kLIMgpIhgvdCCcWedBh6BWUdpNsGyrHUWzoA2FEwsJs4Zy1xTxVPpMnJN' +
    '4h+6fWxUEEnpkEUyCbI3PmE+h0xtFMJmYdF/k6iie398XkAcuovFNhlIiWw8AyWdi55HaWSQXnIVUU4wTrOcIHCWpRQicylZdDIg' +
    'S8atVcEpwSVPMmOdNKPRaoQKUkukIWTiGUlso3alDFWBIl2mWBYyGiqMNMFxhRV0gkcjo4+SUSwbCMuZCzFmoSzmi7aUcAe1XDTu' +
    'cQe5okRXdPEQrZRQJJOFjWEjzXeahQ0P7rLNuks2bvQlm+RLtr7zkym2VWnJzbYtV3l+zW4Mye6AMRawTYyghX3QwgYaAgiaEriQ' +
    '+Or/e+D9HTWxu3/QEzVHnt8/3/Vz5c6IamVltDGu/gM5rlxr',
  '256-bit AES':
    'eNqFUz2IJEUUTjRpxEBBQRAq2cDg7Kp69SvDwu3NDIp37LLrLepxSFXXq92R2e6lp2/ZURAzUQQTo0MUNTE30QURjMXMVLhANJOD' +
    'A/GCxddzu3NzbHDdRVf1q/e++r5X761tDceXxMu2WPv5329OC8E4a+K7xWDAytFxh/Vs0tQz1v9eHm6MFouNMMNdbPsdVlLoiudV' +
    'PMIpc2x9vR/lVtjDGZOEuc3KN+aHyMoroQvTZo+2C6xTf5RcOfJKc6vumGDl65M0YzcYLEJvngc/wHsYCo+E1kSimzH14LhrmCZh' +
    'ozkmFE6v9/242WO05PYoqR53BVatwF7Feq/bZ46zcjyZdtjSPA0dDrFq0iJo1rUYDooP9wfzd+a3/3z/+93vfjz96MUv79/95dln' +
    'DtD8Nm5uq6fee+nj+asf/Pr2vW//Um/d//2fT07+g+e3vnrh7k949MQrJ59+/uTOZ29+fXrvh7//uHPy3J0vniYuZ8hnrPSq2PHi' +
    'Jna6dLa6fKvbHx31wsphU20eYt07XaON0c4uLGWAPL+aczE7XahTaNPSRWrDyk02UCH7YLPjLtvKBhpYAXcgZCWSsOBiBaCqUGUT' +
    'o3JBB/LjEoXPyUFwMmcKibLyBKBCqkBorrxyYDColIjDJtUTdx40D9nZnKDKUmAGh9ZGsKJyWohKC6VM5NGhE7SQwLUzgSvjtBRV' +
    'X2XskqIvtgdUqFHYkLhV4EQOHh1YmzhwSDYLhd6T/zYzve6D8XkCaWof/lwnUjwH56UVwRstPWIWBrVUwsaInEeVeEyayAqjolQy' +
    'cyIIKivl6bDkDCVDaVDAMwFZkSUHZyBRFrR1UhGJ6712kuCFN8FASC5HyymfOlmUynBP0TKorK2EKBKlE6OPVQKF0aK2mluC2WV6' +
    'pXCPW8wFZ6bgy4cZrUGzzJY2QYW02KmXNgH8os35CzZpzQWbkiu2rg2TKZVVX5LbTdO38qLNXhuyGwOFGFU0GnOIkAPJ44AxW2cp' +
    'qZSx9cd7UP+O6qqdH3ZML5AX/RfabqHcWyjW1kab4+J/1w9jWw==',
};

/** A document whose marker stands in a string of its object, encrypted by qpdf. The user password is empty. */
const SEALED_STRING = {
  '40-bit RC4':
    'eNqFUc1qFEEQvs9T1GWPcaq6u6q7YVgQkwVFSNhVL+Khf+PIMrOMgxgfxxfxsbyJnQSSBQ/28euvvp+qzc3l7oJe2G7z6/fPPx0Bwhy/' +
    'dMMA/fWpTC/TOs4TqAbvoX93dyrQvwprOM63sN12Zcr3bHU29eYAQ0CbXCxRZSM5mxzFcao1EyYOxkUk9JqYtGiLNiKGmisFDBQ9uy30' +
    'h6YTvoVDWsbTemakz4x243EtS+OuYcphydC/LdPt+hkMtuwwZBccVVUtS0RdsVjb7ETQ5iQ2oXesKSRdmKqUlg9rImN1pFTQW24xbuDC' +
    'QL9v9fv3MMSWXSSWGopJnJseI+qIubBVnpxKOROzdTaIBBfYUiZVvYhyUlVugh+Aztp8X0rtEEyHTw+EWTNUeMKI4fFnesbE/4ORNc/Y' +
    'uoTx2HZzv6b9PK9Aj/c7jD8KtEavL+HjoMkQeyXNz3nrtdLOiBKjtdPKet7+n/EJ+qspLXftRvrBoXX7uoZlfWimHXabzdX1rvsLJQKd' +
    'rw==',
  '128-bit AES':
    'eNqFUs1q3DAQvvsp5rLH1PofCcxCyO5CS0vCus2l5DCSpWTL1l5cNTR9nL5IH6u3Uilpsws51Bg0/mas74dZXK02Z/wVNoufv378bjgw' +
    'mPynpuugvTzE8Tzk3TSCKPAW2vcPhwjtBWXaT7ewXDZxHOq0OPnrTQ8dizwIklYZrYxAhtEGR2S9CWoQkaEJLkXDnKPgNCNyTEdUJBQh' +
    'YQw6OCvJo3cOI0uoHGcohuhSsDzJtIS2L0x0T32Yd4d8IkWeSLnYQD36PPytzr/mu/V9HDO0qylUf3XoXWms+2sB7ds43uY74KZcWN92' +
    's9vnONcraBxoHo4jwpaAoEP0NnnmLBNiKJKlEhIjaaNkYBY5KzUXMgWdrPXJOUnGhkA6ceEVq06u4ExBuwVVaT5v/uktx3z8+ACdt4gG' +
    '7cBFGJijqJVlUaJWgQbUnhgXQmlDjvvS5EUJFrLBlypYDKpQXReSY1Tf5pgaBqphzw8YraWGBM8Y1/DUGY+YcS8wwewRyzPt9iW2Gvl2' +
    'mjLwp/Xpd99jtfl6BR87yRXXTpjCZx06Keq6iJKbtFKg08v/T9xAux7D/FAWQD4yFG9fMs350ZlmZakX68tN8wcWU8CU',
  '256-bit AES':
    'eNqFU81uFDEMvu9T5NJjWSfOn6VVpZbuSiAQqEt7QRycOIFFZbaaDhXwOLwIj8UN4SlQVuLAaDQTO19sf/6co5fnm2P7KC2Ovn3/+mNh' +
    'DZh9eb9Yrcxy/Wlqw+1uP9ya2Tw9P1vfL874tl21cd4xSz16gHzW7tq1yebkZH6XL27acFqnGeg08IVZvvp808zyMU98vX+rmEUbZM7n' +
    'DvI+3ZoVNFsdY/Yx+OgSpJYrMecSqxfXoMrs7ABQXAZXrUSMlCTUXACDb6VkDoLUMZXOMXvpPRVg6C25HrS4rWbiO97WcXczHZSCB6U8' +
    '3twz3k7ye3X6cXq3vmvDZJbn+zrzm0HPdWO9vUKzfNaGt9M7g+5PCza766mNcwgehEd5gLgQtUFm5bmF0EspzSJT6QE7ZgbrqwfswDZg' +
    'DU5qDBYUyZA4Fo8CtqMFUppWQmq15yIUMQdAL8LBp6g2yyyD6tYr2VqgYnLeAQm4RIQlQm7UEtXIJTFlqRQ8UZRmszRu0bXYQvGsYV6a' +
    'Y6/fNn7QgaDWvR5MlUDQx8SdqhMB1v5Wyl7xFybOvD9s/jRQf+Nf49KsYklCLngO1DsWKahi1g6kkjsIrVCr4i1hCsor1oo+FUXEWVKb' +
    'wVPMmaT4HH0UKV0xPllGwFwqJS3iUrlLSTG5CpkjdEdMjshTVgVKsuQD6mA56SFEDA5EXG0eevdaCmttM/crEw5G5NPY+gKMX8DDY2II' +
    'GEw3Dz4bzK+d4cFn8V+fS/6vbxp5d63jMo/axX4/Gfvr2mx3X5rR5j85N69XaL0N5KLmy5QI3XxNXPSIGVXVcPJ/xBu9s0MdP+vg430G' +
    '5XY78TjdM8vOLo6O1i82i5+PIRj8',
};

function open(fixture: string, passwords: readonly string[]): Promise<Opened> {
  return openAll(inflateSync(Buffer.from(fixture, 'base64')), { unpackers, passwords, now: () => 0 });
}

describe('encrypted PDF', () => {
  for (const [scheme, fixture] of Object.entries(EMPTY_PASSWORD)) {
    it(`opens ${scheme} under the empty password`, async () => {
      const opened = await open(fixture, []);
      assert.equal(yields(opened, MARKER), true);
      assert.deepEqual(opened.causes, []);
    });
  }

  for (const [scheme, fixture] of Object.entries(SEALED_STRING)) {
    it(`reads what strings say under ${scheme}`, async () => {
      const opened = await open(fixture, []);
      assert.equal(yields(opened, MARKER), true);
      assert.deepEqual(opened.causes, []);
    });
  }

  for (const [scheme, fixture] of Object.entries(LOCKED)) {
    it(`opens ${scheme} with a password of the mail`, async () => {
      const opened = await open(fixture, ['wrong', 'secret']);
      assert.equal(yields(opened, MARKER), true);
      assert.deepEqual(opened.causes, []);
    });

    it(`calls ${scheme} encrypted when no candidate fits`, async () => {
      const opened = await open(fixture, ['wrong']);
      assert.equal(yields(opened, MARKER), false);
      assert.deepEqual(opened.causes, ['encrypted']);
    });
  }

  for (const [scheme, fixture] of Object.entries(OWNED)) {
    it(`opens ${scheme} with the password of the owner as with that of the user`, async () => {
      for (const password of ['owner77', 'secret']) {
        const opened = await open(fixture, ['wrong', password]);
        assert.equal(yields(opened, MARKER), true);
        assert.deepEqual(opened.causes, []);
      }
      assert.deepEqual((await open(fixture, ['wrong'])).causes, ['encrypted']);
    });
  }
});
